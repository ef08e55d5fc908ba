"""A simulated hospital: patients of two scanners, readers who verify our reports, and whose word is wrong."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydicom import Dataset, dcmwrite

from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.patient import draw_patient
from osteo_pacs.phantom.scanner import ScannerStyle
from osteo_pacs.phantom.study import make_study, write_study
from reader_documents import successor

SCANNERS = (ScannerStyle.GE_IDXA, ScannerStyle.HOLOGIC)
FIRST_SEED = 70_000_000


@dataclass(frozen=True)
class Examination:
    """A study of one AP spine, and its truth."""

    study_instance_uid: str
    accession_number: str
    is_osteoporotic: bool
    file: Path


def examinations(folder: Path, count: int, *, first_seed: int = FIRST_SEED) -> list[Examination]:
    """One patient each; both scanners, and both classes on each, in turn."""
    return [_examine(folder, first_seed + number, number) for number in range(count)]


def _examine(folder: Path, seed: int, number: int) -> Examination:
    scanner, is_osteoporotic = SCANNERS[number % 2], number % 4 < 2
    patient = draw_patient(random_stream(seed, "patient"), scanner, is_osteoporotic=is_osteoporotic)
    study = make_study(seed, scanner=scanner, patient=patient)
    [path] = write_study(study, folder / str(seed))
    return Examination(study.study_instance_uid, study.datasets[0].AccessionNumber, is_osteoporotic, path)


def verified(
    reports: Iterable[Dataset], says: Mapping[str, bool], folder: Path, *, at: datetime, reader: str
) -> list[Path]:
    """Each report as a reader verified it, in a file; ``says`` is by Study Instance UID."""
    folder.mkdir()
    return [
        _written(report, says[report.StudyInstanceUID], folder / f"{number}.dcm", at, reader)
        for number, report in enumerate(reports)
    ]


def _written(report: Dataset, is_present: bool, path: Path, at: datetime, reader: str) -> Path:  # noqa: FBT001
    ds = successor(report, present=is_present)
    [observer] = ds.VerifyingObserverSequence
    observer.VerifyingObserverName = reader
    observer.VerificationDateTime = at.strftime("%Y%m%d%H%M%S+0000")
    dcmwrite(path, ds)
    return path


def reading_room_list(path: Path, says: Mapping[str, bool], *, date: str, reader: str) -> Path:
    """A second reader's list as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("study", "label", "date", "reader"))
        rows.writerows((uid, "positive" if word else "negative", date, reader) for uid, word in says.items())
    return path


def mistaken(hospital: Sequence[Examination], places: Collection[int]) -> dict[str, bool]:
    """What a reader says of each study: the truth, but for those at these places."""
    return {
        one.study_instance_uid: one.is_osteoporotic is not (place in places) for place, one in enumerate(hospital)
    }
