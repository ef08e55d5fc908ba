"""``model train``: a training is queued, after everything that would stop it was looked at."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.model_drift import app
from osteo_pacs.cli.model_options import DatasetOption, typed
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.cli.training import watch
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.session import Database
    from osteo_pacs.db.training_runs import TrainingPlan

__all__ = ["app"]


class Start(StrEnum):
    """What a training begins with."""

    ACTIVE = "active"
    SCRATCH = "scratch"


@app.command()
def train(
    context: typer.Context,
    *,
    dataset: DatasetOption = None,
    start: Annotated[
        Start,
        typer.Option(
            "--from", metavar="START", help="active goes on from the weights in service, scratch from none."
        ),
    ] = Start.ACTIVE,
    gpus: Annotated[int, typer.Option("--gpus", metavar="N", min=0, help="GPUs; above 1 by torchrun.")] = 0,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="Passes over the training part, at most.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", metavar="N", min=2, help="Images a step.")
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--learning-rate", metavar="X", help="At its highest; else the bundle's, a tenth with --from active."
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option("--patience", metavar="N", min=1, help="Epochs without a better AUROC that end it."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Of everything that is random.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Watch it until it ends.")] = False,
    json: Json = False,
) -> None:
    """Queue a training; a trainer carries it out beside the service.

    The data set is checked first. Without --dataset it is the newest one, or, where labels have come since, a new
    one that the trainer builds. What is left out is as the bundle's own training configuration says. The model
    becomes a candidate; nothing changes in the service.
    """
    from osteo_pacs.db.training_runs import TrainingPlan

    settings = settings_of(context)
    plan = TrainingPlan(
        dataset, start.value, gpus, epochs, batch_size, learning_rate, patience, seed,
        command=typed(),
    )  # fmt: skip
    with opened_database(settings) as database:
        plan = _checked(plan, settings, database)
        training = _queue(database, plan)
        if json:
            print_json({"training": training})
        else:
            first = "" if plan.dataset else " A data set is built first: labels have come."
            typer.echo(f"Training {training} is queued.{first}")
        if follow:
            watch(database, settings, training)


def _checked(plan: TrainingPlan, settings: Settings, database: Database) -> TrainingPlan:
    """The plan with the data set's absolute path, or with none where the trainer builds it first.

    Raises:
        OsteoPacsError: why nothing would come of it.
    """
    from dataclasses import replace

    from osteo_pacs.retrain.data_set.checked import find_dataset, open_dataset, require_trainable
    from osteo_pacs.retrain.data_set.first import is_outdated
    from osteo_pacs.retrain.training.tracking import require_tracker

    require_tracker(settings.training.tracking)
    if plan.dataset is None and is_outdated(database):
        return plan
    folder = find_dataset(database, settings, plan.dataset)
    require_trainable(open_dataset(folder), settings.training.min_cases)
    return replace(plan, dataset=str(folder))


def _queue(database: Database, plan: TrainingPlan) -> int:
    from osteo_pacs.audit.model_events import training_changed
    from osteo_pacs.db import audit
    from osteo_pacs.db.training_runs import add_training
    from osteo_pacs.dicom.audit import EventType

    person, now = who_types(), utc_now()
    with database.write() as session:
        training = add_training(session, plan, person.user_id, now)
        asked = training_changed(training, "asked for", EventType.APPLICATION_START, now, by=person)
        audit.append(session, asked)
    return training
