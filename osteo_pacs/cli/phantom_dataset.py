"""``phantom-dataset``: simulated patients with their labels, in the layout that the bundle trains on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osteo_pacs.cli.choices import ConfounderName
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.progress import progress

MOST_PATIENTS = 1_000_000
"""Parts of a data set draw from seeds that are so far apart."""

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where it is written, a folder for each part.")
]
Training = Annotated[
    int,
    typer.Option(
        "--training",
        metavar="N",
        min=1,
        max=MOST_PATIENTS,
        help="Patients to train on, half of them osteoporotic.",
    ),
]
Validation = Annotated[
    int,
    typer.Option(
        "--validation", metavar="N", min=1, max=MOST_PATIENTS, help="Patients to fit the decision on, as referred."
    ),
]
Test = Annotated[
    int, typer.Option("--test", metavar="N", min=1, max=MOST_PATIENTS, help="Patients to test on, as referred.")
]
Even = Annotated[
    bool,
    typer.Option(
        "--even-groups",
        help="Train on as many osteoporotic patients in each sex and decade of age from 50 on, and on more of the "
        "confounders that few patients have.",
    ),
]
MoreOf = Annotated[
    list[ConfounderName] | None,
    typer.Option("--more-of", help="Six in ten patients to train on have it; given again, each as often."),
]


def phantom_dataset(
    folder: Folder,
    *,
    training: Training = 4000,
    validation: Validation = 1000,
    test: Test = 1000,
    even_groups: Even = False,
    more_of: MoreOf = None,
    json: Json = False,
) -> None:
    """Write a simulated data set to train on.

    One AP spine for each patient as a DICOM file, and datalist.json with each one's label and truth. The same
    numbers give the same files, byte for byte.
    """
    from osteo_pacs.phantom.dataset import even_parts, standard_parts, with_more_of, write_dataset

    parts = (even_parts if even_groups else standard_parts)(training, validation, test)
    if more_of:
        parts = with_more_of(tuple(more_of), parts)
    with progress("Drawing patients", training + validation + test, is_shown=not json) as advance:
        datalist = write_dataset(folder, parts, advance)
    if json:
        print_json({"datalist": datalist, "patients": {part.name: part.patients for part in parts}})
        return
    typer.echo(f"{training + validation + test} patients in {folder}, listed in {datalist}.")
