"""A data set of simulated patients for training: DICOM files in a folder, and the list of them with the truth.

The list is a Decathlon-style datalist: ``{"training": [...], "validation": [...], "test": [...]}``, items of
``image`` (path in the folder), ``label`` (1: osteoporotic), ``patient`` and the truth. A patient is in one part.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from osteo_pacs.phantom.chance import happens, random_stream
from osteo_pacs.phantom.patient import draw_patient
from osteo_pacs.phantom.sampling import draw_scanner
from osteo_pacs.phantom.study import make_study

DATALIST = "datalist.json"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a data set: seeds ``first_seed`` onwards, one patient each.

    Attributes:
        name: the datalist's key.
        patients: how many.
        first_seed: parts of one data set must not overlap.
        positive_share: share of osteoporotic patients; None: as they are referred, about one in five.
    """

    name: str
    patients: int
    first_seed: int
    positive_share: float | None = None


def standard_parts(training: int, validation: int, test: int) -> tuple[Part, ...]:
    """Balanced for training, as referred for validation and test; one million seeds apart."""
    return (
        Part("training", training, 1_000_000, positive_share=0.5),
        Part("validation", validation, 2_000_000),
        Part("test", test, 3_000_000),
    )


def write_dataset(folder: Path, parts: tuple[Part, ...], advance: Callable[[], None] = lambda: None) -> Path:
    """Writes every patient's AP spine and the datalist; returns the datalist's path.

    The same parts give the same files, byte for byte. ``advance`` is called after each patient.
    """
    listed = {part.name: list(_write_part(folder, part, advance)) for part in parts}
    datalist = folder / DATALIST
    datalist.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return datalist


def _write_part(folder: Path, part: Part, advance: Callable[[], None]) -> Iterator[dict[str, Any]]:
    (folder / part.name).mkdir(parents=True, exist_ok=True)
    for seed in range(part.first_seed, part.first_seed + part.patients):
        name = f"{part.name}/{seed}.dcm"
        yield {"image": name, "patient": str(seed), **_write_patient(folder / name, seed, part.positive_share)}
        advance()


def _write_patient(path: Path, seed: int, positive_share: float | None) -> dict[str, Any]:
    people = random_stream(seed, "data set")
    wanted = None if positive_share is None else happens(people, positive_share)
    patient = draw_patient(people, draw_scanner(people), is_osteoporotic=wanted)
    study = make_study(seed, scanner=patient.scanner, patient=patient)
    pydicom.dcmwrite(path, study.datasets[0], enforce_file_format=True)
    truth = study.truth[0]
    return {"label": int(bool(truth.is_osteoporotic)), **truth.to_dict()}
