"""A data set of simulated patients for training: DICOM files in a folder, and the list of them with the truth.

The list is a Decathlon-style datalist: ``{"training": [...], "validation": [...], "test": [...]}``, items of
``image`` (path in the folder), ``label`` (1: osteoporotic), ``patient`` and the truth. A patient is in one part.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pydicom

from osteo_pacs.phantom.chance import happens, random_stream
from osteo_pacs.phantom.patient import Patient, draw_patient
from osteo_pacs.phantom.reference import Sex
from osteo_pacs.phantom.sampling import draw_scanner
from osteo_pacs.phantom.side_by_side import in_processes
from osteo_pacs.phantom.study import make_study

DATALIST = "datalist.json"
RARE_CONFOUNDERS = ("compression_fracture", "dense_vertebra", "malposition", "metal", "obesity", "scoliosis")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a data set: seeds ``first_seed`` onwards, one patient each.

    Attributes:
        name: the datalist's key.
        patients: how many.
        first_seed: parts of one data set must not overlap.
        positive_share: share of osteoporotic patients; None: as they are referred, about one in five.
        male_share: share of men; None: as they are referred, about one in five.
        decades: of age, as many patients in each; None: as they are referred.
        confounded_share: share that is drawn with one of ``confounders``, each as often; the others are drawn as
            they are referred.
        confounders: names of `CONFOUNDER_NAMES`.
    """

    name: str
    patients: int
    first_seed: int
    positive_share: float | None = None
    male_share: float | None = None
    decades: tuple[int, ...] | None = None
    confounded_share: float = 0.0
    confounders: tuple[str, ...] = RARE_CONFOUNDERS


def standard_parts(training: int, validation: int, test: int) -> tuple[Part, ...]:
    """Balanced for training, as referred for validation and test; one million seeds apart.

    Osteoporotic men are rare among the referred, so that a model would see too few of them to read men as well.
    """
    return (
        Part("training", training, 1_000_000, positive_share=0.5, male_share=0.4),
        Part("validation", validation, 2_000_000),
        Part("test", test, 3_000_000),
    )


def even_parts(training: int, validation: int, test: int) -> tuple[Part, ...]:
    """The standard parts, but a training part in which sex and age tell nothing of osteoporosis.

    Where old age and low density go together, a model learns to take the one as a sign of the other, and misses
    more of the younger patients. Half of the training patients have a confounder that few of the referred have.
    """
    balanced, *referred = standard_parts(training, validation, test)
    return replace(balanced, male_share=0.5, decades=(50, 60, 70, 80), confounded_share=0.5), *referred


def with_more_of(confounders: tuple[str, ...], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The same parts, but six in ten of the first part's patients have one of these confounders, each as often.

    For what a model is found to read worse than the rest.
    """
    training, *others = parts
    return replace(training, confounded_share=0.6, confounders=confounders), *others


def write_dataset(folder: Path, parts: tuple[Part, ...], advance: Callable[[], None] = lambda: None) -> Path:
    """Writes every patient's AP spine and the datalist; returns the datalist's path.

    The same parts give the same files, byte for byte. ``advance`` is called after each patient.
    """
    listed = {part.name: list(_write_part(folder, part, advance)) for part in parts}
    datalist = folder / DATALIST
    datalist.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return datalist


def patients_of(part: Part) -> Iterator[Patient]:
    """The patients of a part, in the order of its pictures; nothing is drawn of them."""
    return (_patient_of(part, seed) for seed in _seeds_of(part))


def _write_part(folder: Path, part: Part, advance: Callable[[], None]) -> Iterator[dict[str, Any]]:
    (folder / part.name).mkdir(parents=True, exist_ok=True)
    for item in in_processes(partial(_write_patient, folder, part), _seeds_of(part)):
        yield item
        advance()


def _seeds_of(part: Part) -> range:
    return range(part.first_seed, part.first_seed + part.patients)


def _write_patient(folder: Path, part: Part, seed: int) -> dict[str, Any]:
    patient = _patient_of(part, seed)
    study = make_study(seed, scanner=patient.scanner, patient=patient)
    name = f"{part.name}/{seed}.dcm"
    pydicom.dcmwrite(folder / name, study.datasets[0], enforce_file_format=True)
    truth = study.truth[0]
    label = int(bool(truth.is_osteoporotic))
    return {"image": name, "patient": str(seed), "label": label, **truth.to_dict()}


def _patient_of(part: Part, seed: int) -> Patient:
    people = random_stream(seed, "data set")
    is_osteoporotic = None if part.positive_share is None else happens(people, part.positive_share)
    sex = None if part.male_share is None else (Sex.MALE if happens(people, part.male_share) else Sex.FEMALE)
    decade = None if part.decades is None else int(people.choice(part.decades))
    is_confounded = part.confounded_share > 0 and happens(people, part.confounded_share)
    return draw_patient(
        people,
        draw_scanner(people),
        is_osteoporotic=is_osteoporotic,
        sex=sex,
        decade=decade,
        confounder=str(people.choice(part.confounders)) if is_confounded else None,
    )
