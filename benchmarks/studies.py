"""Studies of one AP spine image each as Part 10 files: few pictures, each under as many UIDs as are needed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from pydicom import Dataset, dcmwrite

from osteo_pacs.dicom.uids import derive_uid
from osteo_pacs.phantom import make_study

PICTURES = 4


class Scanner:
    """Gives as many studies as are asked for, none of them twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pictures = [make_study(seed).datasets[0] for seed in range(PICTURES)]
        self._numbers = count(1)
        folder.mkdir()

    def studies(self, number: int) -> list[Path]:
        """The files of that many new studies; those of the studies before are gone."""
        for path in self._folder.iterdir():
            path.unlink()
        return list(self._write(number))

    def _write(self, number: int) -> Iterator[Path]:
        for _ in range(number):
            serial = next(self._numbers)
            path = self._folder / f"{serial:06d}.dcm"
            dcmwrite(path, _renamed(self._pictures[serial % PICTURES], serial), enforce_file_format=True)
            yield path


def _renamed(picture: Dataset, serial: int) -> Dataset:
    ds = copy.copy(picture)
    ds.file_meta = copy.copy(picture.file_meta)
    ds.PatientID = f"BENCHMARK-{serial:06d}"
    ds.AccessionNumber = f"B{serial:08d}"
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(ds, keyword, derive_uid("benchmark", keyword, str(serial)))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds
