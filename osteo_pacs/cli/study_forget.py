"""``study forget``: studies go wholly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.asking import DryRun, confirm
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, print_json, print_table
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.cli.progress import progress
from osteo_pacs.cli.study_options import (
    Accession,
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
    from osteo_pacs.housekeeping.forgetting import Eraser

LONGEST_REASON = 120

Force = Annotated[bool, typer.Option("--force", help="Also what is still to be read or sent, or has a label.")]
Reason = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help="Why it is forced. It stands in the audit trail: no name and no ID of a patient.",
    ),
]


def forget(
    context: typer.Context,
    uids: Uids = None,
    *,
    state: States = None,
    since: Since = None,
    until: Until = None,
    accession: Accession = None,
    text: Text = None,
    force: Force = False,
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Remove studies wholly: their files, reports, jobs and labels.

    This cannot be undone, so it asks. What a PACS has been sent stays there. A study that is still to be received,
    read or sent, or that has a label, is held: it goes with --force and --reason alone. The audit trail keeps the
    Study Instance UID, who did it, and the reason. The exit code is 1 when a study is held.
    """
    require_choice(False, uids, state, since, until, accession, text)
    if force != bool(reason.strip()) or len(reason) > LONGEST_REASON:
        raise typer.BadParameter(f"--force and --reason go together, up to {LONGEST_REASON} characters")
    wanted = study_filter(uids, since, until, accession, text)
    with opened_database(settings_of(context)) as database:
        with database.read() as session:
            found = [study.study_instance_uid for study in studies_of(session, wanted, state)]
        eraser = _eraser(context, database)
        if dry_run:
            _show_standing(eraser, found, is_json=json)
            return
        if found and not yes:
            confirm(context, f"{studies_in_words(len(found))} would be removed wholly, for good.", is_json=json)
        gone, held = _forgotten(eraser, found, reason.strip(), is_forced=force, is_shown=not json)
    _tell_forgotten(gone, held, is_json=json)
    if held:
        raise typer.Exit(ExitCode.FAILED)


def _eraser(context: typer.Context, database: Database) -> Eraser:
    from osteo_pacs.housekeeping.forgetting import Eraser
    from osteo_pacs.spool import Spool

    directory = settings_of(context).spool.directory
    if not directory.is_dir():
        raise NotFound(f"spool {directory}.", remedy="The service makes it when it starts.")
    return Eraser(database, Spool(directory), utc_now, who_types())


def _show_standing(eraser: Eraser, uids: Sequence[str], *, is_json: bool) -> None:
    rows = [(uid, eraser.standing_of(uid)) for uid in uids]
    if is_json:
        studies = [{"study_instance_uid": uid, "standing": standing} for uid, standing in rows]
        print_json({"would_change": len(rows), "studies": studies})
        return
    columns = ("study_instance_uid", "standing")
    print_table(columns, rows, if_empty="No studies.")
    typer.echo(f"{studies_in_words(len(rows))} would be removed wholly. Nothing was changed.")


def _forgotten(
    eraser: Eraser, uids: Sequence[str], reason: str, *, is_forced: bool, is_shown: bool
) -> tuple[list[str], list[tuple[str, str, str]]]:
    """What is gone, and what is held, with its message and what to do."""
    from osteo_pacs.housekeeping.forgetting import StudyHeld

    gone, held = [], []
    with progress("Removing studies", len(uids), is_shown=is_shown) as advance:
        for uid in uids:
            try:
                if eraser.forget(uid, reason=reason, is_forced=is_forced):
                    gone.append(uid)
            except StudyHeld as error:
                held.append((uid, error.message, error.remedy))
            advance()
    return gone, held


def _tell_forgotten(gone: Sequence[str], held: Sequence[tuple[str, str, str]], *, is_json: bool) -> None:
    if is_json:
        reasons = [{"study_instance_uid": uid, "reason": message} for uid, message, _ in held]
        print_json({"changed": len(gone), "held": reasons})
        return
    for _, message, remedy in held:
        typer.echo(f"{message} {remedy}", err=True)
    typer.echo(f"{studies_in_words(len(gone))} forgotten.")
