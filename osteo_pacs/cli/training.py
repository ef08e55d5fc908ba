"""``training``: trainings that wait, run and have ended; and to stop one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, as_text, print_json, print_table
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.session import Database
    from osteo_pacs.db.training_runs import KnownTraining

LOOK_EVERY_S = 0.5
STEPS_AT_START = 1

app = typer.Typer(help="Look after trainings of models.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(metavar="ID", help="Number of the training.")]


@app.command("list")
def list_all(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many at most.")] = 50,
    json: Json = False,
) -> None:
    """List trainings, the newest first."""
    from osteo_pacs.db.training_runs import list_trainings

    with opened_database(settings_of(context)) as database, database.read() as session:
        found = [training_facts(one) for one in list_trainings(session, limit)]
    if json:
        print_json(found)
        return
    columns = ("id", "state", "phase", "epoch", "epochs", "val_auroc", "created_at", "last_error")
    rows = [[(one | one["progress"]).get(column) for column in columns] for one in found]
    print_table(columns, rows, if_empty="No trainings.", below=columns[-1:])


@app.command()
def show(context: typer.Context, training: Id, *, json: Json = False) -> None:
    """Show one training: its order, how far it is, what came of it."""
    with opened_database(settings_of(context)) as database:
        facts = training_facts(_find(database, training))
    if json:
        print_json(facts)
        return
    for name, value in facts.items():
        for key, part in value.items() if isinstance(value, Mapping) else [("", value)]:
            typer.echo(f"{f'{name} {key}'.strip()}\t{as_text(part)}")


@app.command()
def cancel(context: typer.Context, training: Id, *, json: Json = False) -> None:
    """Stop a training.

    At once where it waits, between two steps where it runs; no candidate comes of it.
    """
    from osteo_pacs.audit.model_events import training_changed
    from osteo_pacs.db import audit
    from osteo_pacs.db.training_runs import TrainingState, request_cancel
    from osteo_pacs.dicom.audit import EventType

    with opened_database(settings_of(context)) as database, database.write() as session:
        now = utc_now()
        before = request_cancel(session, training, now)
        is_changed = before in {TrainingState.QUEUED, TrainingState.RUNNING}
        if is_changed:
            what, kind = (
                "cancelled" if before is TrainingState.QUEUED else "asked to end",
                EventType.APPLICATION_STOP,
            )
            audit.append(session, training_changed(training, what, kind, now, by=who_types()))
    if before is None:
        raise _unknown(training)
    if json:
        print_json({"changed": int(is_changed)})
    elif is_changed:
        typer.echo(
            f"Training {training} is cancelled." if before == "queued" else f"Training {training} will end."
        )
    if not is_changed:
        typer.echo(f"Training {training} is {before}, and stays so.", err=True)
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def follow(context: typer.Context, training: Id) -> None:
    """Watch a training until it ends.

    Exit status 1 where no candidate came of it.
    """
    settings = settings_of(context)
    with opened_database(settings) as database:
        watch(database, settings, training)


def watch(database: Database, settings: Settings, training: int) -> None:
    """Shows how far a training is, until it has ended.

    Raises:
        NotFound: there is no such training.
    """
    from osteo_pacs.db.training_runs import TrainingState

    found = _find(database, training)
    if found.state is TrainingState.QUEUED:
        carried_out = (
            "`osteo-pacs serve` starts one" if settings.training.on_demand else "start `osteo-pacs trainer`"
        )
        typer.echo(f"Training {training} waits for a trainer: {carried_out}.", err=True)
    found = _watch(database, found)
    if found.state is not TrainingState.COMPLETED:
        typer.echo(f"Training {training} is {found.state}. {found.last_error or ''}".rstrip(), err=True)
        raise typer.Exit(ExitCode.FAILED)
    typer.echo(f"Training {training} is completed: model version {found.model_version_id} is a candidate.")


def training_facts(one: KnownTraining) -> dict[str, Any]:
    """What is told of a training."""
    from dataclasses import asdict

    return {
        "id": one.id,
        "state": one.state,
        "plan": asdict(one.plan),
        "progress": dict(one.progress),
        "lineage": dict(one.facts),
        "model_version_id": one.model_version_id,
        "requested_by": one.requested_by,
        "claimed_by": one.claimed_by,
        "lost_leases": one.lost_leases,
        "cancel_requested_at": one.cancel_requested_at,
        "last_error": one.last_error,
        "created_at": one.created_at,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
    }


def _watch(database: Database, found: KnownTraining) -> KnownTraining:
    from rich.progress import BarColumn, Progress, TextColumn

    from osteo_pacs.cli.output import console

    screen = console(to_stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=screen, disable=not screen.is_terminal, transient=True) as bar:
        task, told = bar.add_task("", total=STEPS_AT_START), ""
        while found.ended_at is None:
            progress = found.progress
            line = _line(found)
            bar.update(
                task,
                description=line,
                completed=progress.get("step", 0),
                total=progress.get("steps", STEPS_AT_START),
            )
            if not screen.is_terminal and (milestone := _milestone(found)) != told:
                typer.echo(line, err=True)
                told = milestone
            time.sleep(LOOK_EVERY_S)
            found = _find(database, found.id)
    return found


def _line(found: KnownTraining) -> str:
    progress = found.progress
    if "epoch" not in progress:
        return f"{found.state} {progress.get('phase', '')}".strip()
    parts = [f"epoch {progress['epoch']} of {progress['epochs']}", f"loss {progress['loss']}"]
    if progress["val_auroc"] is not None:
        parts.append(f"AUROC {progress['val_auroc']}")
    if progress["eta_s"] is not None:
        parts.append(f"{progress['eta_s']} s to go")
    return f"{progress['phase']}: {', '.join(parts)}"


def _milestone(found: KnownTraining) -> str:
    """What is worth a line of its own where no bar is drawn."""
    return f"{found.state} {found.progress.get('phase')} {found.progress.get('epoch')}"


def _find(database: Database, training: int) -> KnownTraining:
    from osteo_pacs.db.training_runs import find_training

    with database.read() as session:
        found = find_training(session, training)
    if found is None:
        raise _unknown(training)
    return found


def _unknown(training: int) -> NotFound:
    return NotFound(f"training {training}.", remedy="`osteo-pacs training list` shows the numbers.")
