"""The patient's age at the study, from the header as scanners fill it."""

from __future__ import annotations

import re
from datetime import date, datetime

from pydicom import Dataset

_AGE_STRING = re.compile(r"(\d{3})([DWMY])")
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
_OLDEST_YEARS = 130


def age_years(header: Dataset) -> float | None:
    """Patient's Age (0010,1010), else Study Date less Patient's Birth Date; None where neither tells.

    An age that nobody reaches, or one before birth, is a filling of the field and tells nothing.
    """
    age = _from_age_string(header)
    if age is None:
        age = _from_dates(header)
    return age if age is not None and 0 <= age <= _OLDEST_YEARS else None


def _from_age_string(header: Dataset) -> float | None:
    match = _AGE_STRING.fullmatch(str(header.get("PatientAge") or "").strip())
    return int(match.group(1)) * _DAYS[match.group(2)] / _DAYS["Y"] if match else None


def _from_dates(header: Dataset) -> float | None:
    born, studied = _date(header, "PatientBirthDate"), _date(header, "StudyDate")
    return (studied - born).days / _DAYS["Y"] if born and studied else None


def _date(header: Dataset, keyword: str) -> date | None:
    try:
        return datetime.strptime(str(header.get(keyword) or "").strip(), "%Y%m%d").date()  # noqa: DTZ007 - a date
    except ValueError:
        return None
