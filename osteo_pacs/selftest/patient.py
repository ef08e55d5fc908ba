"""A simulated study whose patient nobody can mistake for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from osteo_pacs.phantom import PhantomKind, make_study

PATIENT_ID = "OSTEO-PACS-SELFTEST"
PATIENT_NAME = "SELFTEST^OSTEO-PACS"
ACCESSION_NUMBER = "OP-SELFTEST"
KINDS = (PhantomKind.AP_SPINE, PhantomKind.FEMUR_LEFT)
"""What is read, and what the selection must pass over."""
SEED = 3
AGE_YEARS = 65


def write_selftest_study(folder: Path, *, min_age_years: int, now: datetime, new_uid: Callable[[], str]) -> str:
    """Writes the study as Part 10 files into ``folder``, and gives its Study Instance UID.

    Its pictures are always the same; its UIDs are new, so that it is read each time.
    """
    study_instance_uid = new_uid()
    for number, ds in enumerate(make_study(SEED, kinds=KINDS).datasets, start=1):
        _name(ds, max(AGE_YEARS, min_age_years), now)
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = study_instance_uid, new_uid(), new_uid()
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        pydicom.dcmwrite(folder / f"{number}.dcm", ds, enforce_file_format=True)
    return study_instance_uid


def _name(ds: Dataset, age_years: int, now: datetime) -> None:
    ds.PatientName, ds.PatientID = PATIENT_NAME, PATIENT_ID
    ds.PatientAge = f"{age_years:03d}Y"
    ds.PatientBirthDate = f"{now.year - age_years - 1}1231"
    ds.AccessionNumber, ds.StudyID = ACCESSION_NUMBER, "SELFTEST"
    ds.InstitutionName = "SELFTEST"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = f"{now:%Y%m%d}"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = f"{now:%H%M%S}"
    for element in [element for element in ds if element.tag.is_private]:
        del ds[element.tag]
