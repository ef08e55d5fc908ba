"""``study reprocess``: studies are read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.asking import WITHOUT_ASKING, DryRun, Yes, confirm
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.cli.progress import progress
from osteo_pacs.cli.study_options import (
    Accession,
    AllStudies,
    Since,
    States,
    Text,
    Uids,
    Until,
    require_choice,
    studies_in_words,
    studies_of,
    study_filter,
)
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.db.session import Database
    from osteo_pacs.jobs.reprocess import Reprocessed

BATCH = 100
"""Studies to a transaction: on SQLite everyone who writes waits for it."""
WHY_NOT = {
    "receiving": "instances may still come: it will be read when it is complete",
    "queued": "it is in the queue already",
    "removed": "its images are no longer in the spool: send the study again from the PACS",
    "read_before": "the model in service has read these images, and its report stands; --again asks for another",
}

Again = Annotated[
    bool,
    typer.Option(
        "--again", help="Write another report, also where the model in service has read the same images before."
    ),
]


def reprocess(
    context: typer.Context,
    uids: Uids = None,
    *,
    all_studies: AllStudies = False,
    state: States = None,
    since: Since = None,
    until: Until = None,
    accession: Accession = None,
    text: Text = None,
    again: Again = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Have studies read again.

    The same images read by the same model version give no second report: such a study is passed over, unless
    --again is given. Then its new report is the next revision, which names the one before as its predecessor, and
    is sent to every destination; the reports before it stay as they were sent. A study that is parked is taken up
    again. The exit code is 1 when a study that was named is not read.
    """
    require_choice(all_studies, uids, state, since, until, accession, text)
    wanted = study_filter(uids, since, until, accession, text)
    with opened_database(settings_of(context)) as database:
        with database.read() as session:
            study_ids = sorted(study.study_id for study in studies_of(session, wanted, state))
        decided = _decided(database, study_ids, again=again)
        due = [one.study_id for one in decided if one.decision == "read_again"]
        if not dry_run:
            if len(due) > WITHOUT_ASKING and not (yes or uids):
                confirm(context, f"{studies_in_words(len(due))} would be read again.", is_json=json)
            left = [one for one in decided if one.study_id not in set(due)]
            decided = [*_reprocessed(database, due, again=again, is_shown=not json), *left]
    _tell(decided, is_dry=dry_run, is_json=json)
    if uids and any(one.decision != "read_again" for one in decided):
        raise typer.Exit(ExitCode.FAILED)


def _decided(database: Database, study_ids: Sequence[int], *, again: bool) -> list[Reprocessed]:
    from osteo_pacs.db import model_versions
    from osteo_pacs.jobs.reprocess import decide

    decided: list[Reprocessed] = []
    for batch in _batches(study_ids):
        with database.read() as session:
            active = model_versions.active(session)
            number = active.id if active else None
            decided += decide(session, batch, active_model_version_id=number, again=again)
    return decided


def _reprocessed(
    database: Database, study_ids: Sequence[int], *, again: bool, is_shown: bool
) -> list[Reprocessed]:
    from osteo_pacs.audit.events import jobs_changed
    from osteo_pacs.db import audit, model_versions
    from osteo_pacs.jobs.reprocess import reprocess

    word = "read again for another report" if again else "read again"
    done: list[Reprocessed] = []
    with progress("Putting studies into the queue", len(study_ids), is_shown=is_shown) as advance:
        for batch in _batches(study_ids):
            with database.write() as session:
                active, now = model_versions.active(session), utc_now()
                number = active.id if active else None
                read = reprocess(session, batch, active_model_version_id=number, again=again, now=now)
                queued = [(one.study_instance_uid, [one.job_id]) for one in read if one.job_id is not None]
                person = who_types()
                audit.append(session, *(jobs_changed(word, uid, ids, now, by=person) for uid, ids in queued))
            done += read
            for _ in batch:
                advance()
    return done


def _tell(decided: Sequence[Reprocessed], *, is_dry: bool, is_json: bool) -> None:
    count = sum(one.decision == "read_again" for one in decided)
    if is_json:
        print_json(
            {
                "would_change" if is_dry else "changed": count,
                "studies": [reprocessed_facts(one) for one in decided],
            }
        )
        return
    left = Counter(str(one.decision) for one in decided if one.decision != "read_again")
    for decision, studies in left.items():
        typer.echo(f"{studies_in_words(studies)} not read: {WHY_NOT[decision]}.", err=True)
    if is_dry:
        typer.echo(f"{studies_in_words(count)} would be read again. Nothing was changed.")
    else:
        typer.echo(f"{studies_in_words(count)} will be read again.")


def reprocessed_facts(one: Reprocessed) -> dict[str, Any]:
    """A study of ``study reprocess``."""
    return {"study_instance_uid": one.study_instance_uid, "decision": one.decision, "job_id": one.job_id}


def _batches(study_ids: Sequence[int]) -> list[Sequence[int]]:
    return [study_ids[start : start + BATCH] for start in range(0, len(study_ids), BATCH)]
