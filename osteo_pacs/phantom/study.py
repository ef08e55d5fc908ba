"""A simulated study as real DICOM: one seed, one study, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset

from osteo_pacs.dicom.uids import derive_uid
from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.header import InstanceIdentity, StudyIdentity, make_dataset
from osteo_pacs.phantom.kinds import PhantomKind, Truth
from osteo_pacs.phantom.out_of_scope import draw_out_of_scope
from osteo_pacs.phantom.patient import Patient, draw_patient
from osteo_pacs.phantom.render import draw_spine
from osteo_pacs.phantom.scanner import ScannerStyle

DEMO_KINDS = (
    PhantomKind.AP_SPINE,
    PhantomKind.FEMUR_LEFT,
    PhantomKind.FEMUR_RIGHT,
    PhantomKind.LATERAL_SPINE,
    PhantomKind.KNEE_LEFT,
    PhantomKind.KNEE_RIGHT,
    PhantomKind.TOTAL_BODY,
    PhantomKind.TOTAL_BODY,
)
"""A study as a scanner sends it: only the first may be read."""

_FIRST_SCAN_AT = datetime(2024, 1, 2, 8, 0, 0)  # noqa: DTZ001 - DICOM dates of a scanner have no zone
_SCAN_DAYS = 360


@dataclass(frozen=True, slots=True)
class PhantomStudy:
    """A study's Data Sets, and the truth of each in the same order."""

    study_instance_uid: str
    patient: Patient
    datasets: tuple[Dataset, ...]
    truth: tuple[Truth, ...]


def make_study(
    seed: int,
    *,
    kinds: Sequence[PhantomKind] = (PhantomKind.AP_SPINE,),
    scanner: ScannerStyle = ScannerStyle.GE_IDXA,
    patient: Patient | None = None,
    copies: int = 1,
) -> PhantomStudy:
    """Simulates a study with one instance, in a series of its own, for each of ``kinds``.

    The Study Instance UID follows from seed and scanner alone, so that a later call with more kinds makes late
    instances of the same study; the others keep their UIDs and bytes. ``copies`` repeats each picture under new
    UIDs, as scanners do. A given ``patient`` must be of this ``scanner``.
    """
    person = draw_patient(random_stream(seed, "patient"), scanner) if patient is None else patient
    if person.scanner is not scanner:
        raise ValueError(f"the patient was drawn for {person.scanner}, not {scanner}")
    identity = StudyIdentity(
        number=seed % 1_000_000,
        study_instance_uid=derive_uid("phantom study", str(seed), scanner),
        taken_at=_FIRST_SCAN_AT + timedelta(days=seed % _SCAN_DAYS, minutes=seed % 540),
    )
    instances = [
        (_dataset(kind, pixels, person, identity, (place, copy)), truth)
        for place, (kind, pixels, truth) in enumerate(_pictures(seed, kinds, person), start=1)
        for copy in range(copies)
    ]
    return PhantomStudy(
        identity.study_instance_uid,
        person,
        tuple(ds for ds, _ in instances),
        tuple(truth for _, truth in instances),
    )


def demo_study(seed: int) -> PhantomStudy:
    """Eight instances of an iDXA: one AP spine, two femurs, one lateral, two knees, two total bodies."""
    return make_study(seed, kinds=DEMO_KINDS)


def write_study(study: PhantomStudy, folder: Path) -> list[Path]:
    """Writes each instance as a Part 10 file (PS3.10) into ``folder``, named by its place and kind."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for place, (ds, truth) in enumerate(zip(study.datasets, study.truth, strict=True), start=1):
        path = folder / f"{place:02d}-{truth.kind}.dcm"
        pydicom.dcmwrite(path, ds, enforce_file_format=True)
        paths.append(path)
    return paths


def _pictures(
    seed: int, kinds: Sequence[PhantomKind], patient: Patient
) -> list[tuple[PhantomKind, npt.NDArray[np.uint8], Truth]]:
    """Each kind's pixels and truth; the second picture of a kind differs from the first."""
    return [_picture(kind, seed, kinds[:place].count(kind), patient) for place, kind in enumerate(kinds)]


def _picture(
    kind: PhantomKind, seed: int, repetition: int, patient: Patient
) -> tuple[PhantomKind, npt.NDArray[np.uint8], Truth]:
    rng = random_stream(seed, f"{kind} {repetition}")
    if kind is PhantomKind.AP_SPINE:
        picture = draw_spine(patient, rng)
        truth = Truth(kind, patient.scanner, patient, picture.regions, picture.has_overlay)
        return kind, picture.grey, truth
    return kind, draw_out_of_scope(kind, patient, rng), Truth(kind, patient.scanner, patient)


def _dataset(
    kind: PhantomKind,
    pixels: npt.NDArray[np.uint8],
    patient: Patient,
    identity: StudyIdentity,
    place_and_copy: tuple[int, int],
) -> Dataset:
    place, copy = place_and_copy
    content = hashlib.sha256(pixels.tobytes()).hexdigest()
    named = (identity.study_instance_uid, kind.value, str(place), str(copy), content)
    instance = InstanceIdentity(
        sop_instance_uid=derive_uid("phantom instance", *named),
        series_instance_uid=derive_uid("phantom series", *named),
        number=place * 100 + copy,
    )
    return make_dataset(kind, pixels, patient, identity, instance)
