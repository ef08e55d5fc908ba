"""A header without the patient: PS3.15 Annex E, Basic Application Level Confidentiality Profile, as a table.

The table names what stays; whatever it does not name goes, private attributes and sequences with it. That removes
more than Table E.1-1 asks for, and nothing that it would keep is needed to train.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Literal

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword

from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.retrain.data_set.site_secret import SiteSecret

METHOD = "osteo_pacs: PS3.15 E.1 Basic Profile, cropped pixels"
BASIC_PROFILE = CodedConcept("113100", "DCM", "Basic Application Confidentiality Profile")
CLEAN_PIXEL_DATA = CodedConcept("113101", "DCM", "Clean Pixel Data Option")
MODIFIED_DATES = CodedConcept("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option")
PATIENT_CHARACTERISTICS = CodedConcept("113108", "DCM", "Retain Patient Characteristics Option")
OLDEST_YEARS = 89
"""Older patients are as old as this and one more: so few of them live that an age could name one."""


class Action(Enum):
    """What becomes of an attribute; the letters are those of Table E.1-1."""

    KEEP = auto()
    """K, or not in the table."""
    EMPTY = auto()
    """Z."""
    UID = auto()
    """U: the one that stands for it."""
    DATE = auto()
    """Z, or moved back with the modified dates option."""
    PATIENT = auto()
    """Z or D: the patient's name in data sets."""
    AGE = auto()
    """K with the patient characteristics option."""


_TABLE: dict[Action, str] = {
    Action.KEEP: """
        SOPClassUID Modality Manufacturer ManufacturerModelName ConversionType BodyPartExamined ViewPosition
        Laterality PatientOrientation SeriesNumber InstanceNumber PatientSex PatientSize PatientWeight
        PresentationIntentType PixelIntensityRelationship PixelIntensityRelationshipSign PresentationLUTShape
        PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing PixelAspectRatio
    """,
    Action.EMPTY: "StudyTime AccessionNumber ReferringPhysicianName StudyID PatientBirthDate",
    Action.UID: "StudyInstanceUID SeriesInstanceUID SOPInstanceUID FrameOfReferenceUID",
    Action.DATE: "StudyDate",
    Action.PATIENT: "PatientName PatientID",
    Action.AGE: "PatientAge",
}
PROFILE: dict[str, Action] = {keyword: action for action, words in _TABLE.items() for keyword in words.split()}
"""By keyword; what is missing here is removed (X)."""

_ALWAYS = {
    keyword for keyword, action in PROFILE.items() if action in {Action.EMPTY, Action.DATE, Action.PATIENT}
} | {"PatientSex", "SeriesNumber", "InstanceNumber"}
"""Type 2 in the images' IODs (PS3.3 A.2, A.8, A.26): they stand there, empty where nothing is known."""


def without_identity(
    header: Dataset,
    secret: SiteSecret,
    patient_key: str,
    *,
    dates: Literal["remove", "shift"],
    has_text: bool = False,
) -> Dataset:
    """What may leave of a header; the pixels and what describes them are the caller's.

    Args:
        header: as it was received.
        secret: names the patient's UIDs anew.
        patient_key: the patient's name in data sets.
        dates: what becomes of them.
        has_text: text is burned into the pixels that the caller puts in.
    """
    clean = Dataset()
    clean.SpecificCharacterSet = "ISO_IR 192"
    for keyword, action in PROFILE.items():
        if keyword in header or keyword in _ALWAYS:
            clean.add(_element(header, keyword, action, secret, patient_key, is_shifted=dates == "shift"))
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = METHOD
    wanted = {
        BASIC_PROFILE: True,
        CLEAN_PIXEL_DATA: not has_text,
        MODIFIED_DATES: dates == "shift",
        PATIENT_CHARACTERISTICS: True,
    }
    options = [option for option, is_so in wanted.items() if is_so]
    clean.DeidentificationMethodCodeSequence = [_code(option) for option in options]
    clean.LongitudinalTemporalInformationModified = "MODIFIED" if dates == "shift" else "REMOVED"
    clean.BurnedInAnnotation = "YES" if has_text else "NO"
    return clean


def _element(
    header: Dataset, keyword: str, action: Action, secret: SiteSecret, patient_key: str, *, is_shifted: bool
) -> DataElement:
    value = header.get(keyword)
    text = "" if value is None else str(value)
    kept: object = None
    match action:
        case Action.KEEP:
            kept = value
        case Action.UID:
            kept = secret.uid(text)
        case Action.PATIENT:
            kept = f"SUBJECT^{patient_key[:16]}" if keyword == "PatientName" else patient_key[:16]
        case Action.DATE:
            kept = _moved_back(text, secret.days(patient_key)) if is_shifted else None
        case Action.AGE:
            kept = _capped(text)
        case Action.EMPTY:
            kept = None
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return DataElement(tag, dictionary_VR(tag), kept)


def _moved_back(text: str, days: int) -> str | None:
    try:
        moved = datetime.strptime(text, "%Y%m%d") - timedelta(days=days)  # noqa: DTZ007 - a DICOM date has no zone
    except (ValueError, OverflowError):
        return None
    return f"{moved:%Y%m%d}"


def _capped(text: str) -> str | None:
    """An Age String of a known form, at most `OLDEST_YEARS` and one."""
    if len(text) != len("070Y") or not text[:3].isdigit() or text[3] not in "DWMY":
        return None
    return f"{OLDEST_YEARS + 1:03d}Y" if text[3] == "Y" and int(text[:3]) > OLDEST_YEARS else text


def _code(concept: CodedConcept) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = concept.value, concept.scheme, concept.meaning
    return code
