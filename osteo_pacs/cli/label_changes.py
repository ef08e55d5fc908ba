"""``label import|resolve|reread``: what a person says, and what is read again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.choices import LabelName
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.label import StudyName, app, one_study
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.retrain.label_import import ImportPlan

__all__ = ["app"]


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="The CSV file.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be added, and add nothing.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the other lines where some are wrong.")
    ] = False,
    json: Json = False,
) -> None:
    """Import labels from a CSV file.

    Nothing of it where a line is wrong, and nothing twice.

    Columns: study, or accession_number, or study_instance_uid; label (positive, negative, exclude); date; reader.
    """
    from osteo_pacs.retrain.label_import import carry_out, plan_import

    if not file.is_file():
        raise NotFound(f"file {file}.", remedy="Name a CSV file; docs/how-to/label-studies.md shows its columns.")
    content, now = file.read_bytes(), utc_now()
    with opened_database(settings_of(context)) as database, database.write() as session:
        plan = plan_import(session, content, now)
        is_refused = bool(plan.mistakes) and not skip_bad
        added = 0 if dry_run or is_refused else carry_out(session, plan, now, by=who_types())
    if json:
        print_json(import_facts(plan, added))
    else:
        _tell(plan, added, is_dry=dry_run, is_refused=is_refused)
    if plan.mistakes:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def resolve(
    context: typer.Context,
    study: StudyName,
    label: Annotated[
        LabelName,
        typer.Argument(
            metavar="LABEL", help=f"What it is: {', '.join(LabelName)}; exclude: neither trained nor tested on."
        ),
    ],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in a sentence without a name.")],
    json: Json = False,
) -> None:
    """Decide by hand what a study is.

    It counts before every other source.
    """
    from osteo_pacs.audit.events import COMMAND_LINE, study_labelled
    from osteo_pacs.db import audit
    from osteo_pacs.db.labels import NewLabel, add_label
    from osteo_pacs.labels.effective import Says, Source

    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    person, now, says = who_types(), utc_now(), Says(label)
    with opened_database(settings_of(context)) as database, database.write() as session:
        study_id, uid = one_study(session, study)
        facts = {"reason": reason.strip()[:200]}
        add_label(session, NewLabel(study_id, says.is_positive, Source.HAND, now, person.user_id, facts), now)
        audit.append(session, study_labelled(f"label {says} from hand", uid, now, role=COMMAND_LINE, by=person))
    if json:
        print_json({"study_instance_uid": uid, "label": says})
    else:
        typer.echo(f"Resolved: {uid} is {says}.")


@app.command()
def reread(context: typer.Context, *, json: Json = False) -> None:
    """Interpret again the documents that gave no label.

    A worker does it; as after a change of [labels].
    """
    from osteo_pacs.db.feedback import await_again

    with opened_database(settings_of(context)) as database, database.write() as session:
        waiting = await_again(session)
    if json:
        print_json({"waiting": waiting})
    else:
        typer.echo(f"{waiting} {'document waits' if waiting == 1 else 'documents wait'} to be interpreted.")


def import_facts(plan: ImportPlan, added: int) -> dict[str, Any]:
    """What ``label import`` did, or would do: numbers of lines, and every mistake."""
    return {
        "added": added,
        "would_add": [addition.number for addition in plan.additions],
        "known": plan.known,
        "unmatched": plan.unmatched,
        "mistakes": [{"line": mistake.number, "mistake": mistake.sentence} for mistake in plan.mistakes],
    }


def _tell(plan: ImportPlan, added: int, *, is_dry: bool, is_refused: bool) -> None:
    for mistake in plan.mistakes:
        typer.echo(f"line {mistake.number}: {mistake.sentence}", err=True)
    if plan.unmatched:
        typer.echo(f"No such study was received: lines {', '.join(map(str, plan.unmatched))}.", err=True)
    known = f", {len(plan.known)} known already" if plan.known else ""
    if is_refused:
        typer.echo("Nothing imported: mend these lines, or leave them out with --skip-bad.", err=True)
    elif is_dry:
        typer.echo(f"Would add {_labels(len(plan.additions))}{known}.")
    else:
        typer.echo(f"{_labels(added)} added{known}.")


def _labels(count: int) -> str:
    return f"{count} {'label' if count == 1 else 'labels'}"
