"""``phantom``: simulated studies as real DICOM files, each with its truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from osteo_pacs.cli.output import Json, console, print_json

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the studies are written, one folder each.")]
Studies = Annotated[int, typer.Option("--studies", metavar="N", min=1, help="How many studies.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the first study; each has the next.")]
Scanner = Annotated[
    str, typer.Option("--scanner", metavar="STYLE", help="ge-idxa, ge-prodigy or hologic; else drawn by the seed.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="What a study holds, once a picture; else a scanner's eight."),
]


def phantom(
    folder: Folder,
    *,
    studies: Studies = 1,
    seed: Seed = 1,
    scanner: Scanner = "",
    kind: Kinds = None,
    json: Json = False,
) -> None:
    """Write simulated DXA studies with known truth.

    One seed gives one study, byte for byte. Kinds are ap-spine, spine-hardware, spine-upside-down, spine-turned,
    spine-negative, femur-left, femur-right, lateral-spine, total-body, knee-left, knee-right, forearm, chest,
    report-page and noise. Beside the files of a study lies truth.json: BMD, T-score, confounders and where the
    vertebrae are.
    """
    from osteo_pacs.phantom.folder import write_studies

    kinds = tuple(kind) if kind else ()
    written = list(write_studies(folder, first_seed=seed, count=studies, scanner=scanner, kinds=kinds))
    if json:
        print_json([asdict(study) for study in written])
        return
    instances = sum(study.instances for study in written)
    console().print(f"{len(written)} studies with {instances} instances in {folder}", highlight=False)
