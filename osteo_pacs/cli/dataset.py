"""``dataset``: snapshots of labelled studies that models are trained and tested on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.output import Json, print_json, print_table
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.cli.progress import progress
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.db.data_sets import KnownDataSet
    from osteo_pacs.db.session import Session

app = typer.Typer(help="Build what models are trained and tested on.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(metavar="DATASET", help="The data set, by its number or the beginning of its digest.")
]
SHOWN = 12
"""Digits of a digest in a table."""


@app.command()
def build(context: typer.Context, *, json: Json = False) -> None:
    """Build a data set from all labelled studies.

    It has nothing of their patients' identity. The same content gives the same data set.
    Its studies keep their images until it is dropped.
    """
    from osteo_pacs.retrain.data_set.wiring import builder

    settings = settings_of(context)
    with opened_database(settings) as database, builder(settings, database, by=who_types()) as ready:
        with progress("Cropping pictures", ready.count(), is_shown=not json) as advance:
            built = ready.build(advance)
        with database.read() as session:
            known = _found(session, str(built.data_set_id))
    if json:
        print_json(data_set_facts(known) | {"is_new": built.is_new, "folder": built.folder})
        return
    typer.echo(f"Data set {known.id} is {'built' if built.is_new else 'there already'}: {built.folder}")
    _explain(known)


@app.command("list")
def list_(context: typer.Context, *, json: Json = False) -> None:
    """List the data sets, the newest first."""
    from osteo_pacs.db.data_sets import list_data_sets

    with opened_database(settings_of(context)) as database, database.read() as session:
        found = list_data_sets(session)
    if json:
        print_json([data_set_facts(known) for known in found])
        return
    rows = [
        (
            known.id,
            known.digest[:SHOWN],
            known.created_at,
            *(part["images"] for part in known.facts["parts"].values()),
        )
        for known in found
    ]
    print_table(("id", "digest", "created_at", "training", "validation", "test"), rows, if_empty="No data sets.")


@app.command()
def show(context: typer.Context, dataset: Name, *, json: Json = False) -> None:
    """Show what is in a data set, and what is not."""
    with opened_database(settings_of(context)) as database, database.read() as session:
        known = _found(session, dataset)
    if json:
        print_json(data_set_facts(known))
    else:
        typer.echo(f"Data set {known.id}, {known.digest}")
        _explain(known)


@app.command()
def export(
    context: typer.Context,
    dataset: Name,
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", file_okay=False, help="Where it is copied to; empty, or not there yet."),
    ],
    *,
    json: Json = False,
) -> None:
    """Copy a data set to a folder, every file checked.

    Look at the pictures before they leave the house.
    """
    from osteo_pacs.audit.events import data_set_written
    from osteo_pacs.db import audit
    from osteo_pacs.retrain.data_set.folder import copy_data_set, folder_of, read_manifest

    settings = settings_of(context)
    with opened_database(settings) as database:
        with database.read() as session:
            known = _found(session, dataset)
        source = folder_of(settings.datasets.directory, known)
        with progress("Copying", len(read_manifest(source)["images"]), is_shown=not json) as advance:
            images = copy_data_set(source, folder, advance)
        with database.write() as session:
            told = f"data set {known.id} exported: {images} images"
            audit.append(session, data_set_written(told, folder, utc_now(), by=who_types()))
    if json:
        print_json({"id": known.id, "images": images, "folder": folder})
    else:
        typer.echo(f"{images} images copied to {folder}. Look at them before they leave the house.")


@app.command()
def drop(
    context: typer.Context,
    dataset: Name,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and change nothing.")] = False,
    json: Json = False,
) -> None:
    """Remove a data set and let its studies go.

    Who was locked away for testing stays so.
    """
    import shutil

    from osteo_pacs.audit.events import data_set_dropped
    from osteo_pacs.db import audit
    from osteo_pacs.db.data_sets import drop_data_set

    settings, now = settings_of(context), utc_now()
    with opened_database(settings) as database, database.write() as session:
        known = _found(session, dataset)
        folder = settings.datasets.directory / known.digest
        images = sum(part["images"] for part in known.facts["parts"].values())
        if not dry_run:
            drop_data_set(session, known.id, now)
            told = f"data set {known.id} dropped: {images} images"
            audit.append(session, data_set_dropped(told, folder, now, by=who_types()))
    if not dry_run:
        shutil.rmtree(folder, ignore_errors=True)
    if json:
        print_json({"id": known.id, "images": images, "dropped": not dry_run})
    else:
        typer.echo(f"Data set {known.id} with {images} images {'would go' if dry_run else 'is dropped'}.")


def data_set_facts(known: KnownDataSet) -> dict[str, Any]:
    """A data set: counts by part and class, what was left out by reason, and how it was made."""
    return {
        "id": known.id,
        "digest": known.digest,
        "created_at": known.created_at,
        "parts": known.facts["parts"],
        "left_out": known.facts["left_out"],
        "recipe": known.facts["recipe"],
    }


def _found(session: Session, name: str) -> KnownDataSet:
    from osteo_pacs.retrain.data_set.folder import NoSuchDataSet, find_data_set

    try:
        return find_data_set(session, name)
    except NoSuchDataSet as error:
        raise NotFound(f"data set {error.detail}", remedy=error.remedy) from error


def _explain(known: KnownDataSet) -> None:
    columns = ("images", "positive_images", "positive_patients", "negative_patients")
    rows = [(part, *(counts[column] for column in columns)) for part, counts in known.facts["parts"].items()]
    print_table(("part", *columns), rows, if_empty="")
    if left_out := known.facts["left_out"]:
        typer.echo("\nLeft out")
        print_table(("count", "reason"), [(count, reason) for reason, count in left_out.items()], if_empty="")
