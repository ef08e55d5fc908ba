"""What the listener must know of a Data Set before it may keep it, read without decoding a value.

Values come from a peer and are judged: UIDs must be UIDs (PS3.5 9.1), texts are cut to what a column holds, and
the patient is known by a digest alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from osteo_pacs.dicom.scan import DataSetUnparsable, scan

_UID = re.compile(rb"[0-9]+(\.[0-9]+)*")
_UID_LENGTH = 64
_TEXT_LENGTH = 64
_SOP_CLASS_UID = 0x00080016
_SOP_INSTANCE_UID = 0x00080018
_ACCESSION_NUMBER = 0x00080050
_PATIENT_ID = 0x00100020
_ISSUER_OF_PATIENT_ID = 0x00100021
_STUDY_INSTANCE_UID = 0x0020000D
_SERIES_INSTANCE_UID = 0x0020000E
_IDENTIFYING = frozenset(
    (_SOP_CLASS_UID, _SOP_INSTANCE_UID, _ACCESSION_NUMBER, _PATIENT_ID, _ISSUER_OF_PATIENT_ID,
     _STUDY_INSTANCE_UID, _SERIES_INSTANCE_UID)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """The identifying attributes of a Data Set; a UID is None where it is missing or is no UID.

    Attributes:
        patient_digest: sha256 of Patient ID and its issuer, hexadecimal; empty without a Patient ID.
    """

    sop_class_uid: str | None
    sop_instance_uid: str | None
    study_instance_uid: str | None
    series_instance_uid: str | None
    accession_number: str
    patient_digest: str


def read_header(view: memoryview, *, is_implicit_vr: bool) -> Header:
    """The header of an encoded Data Set, little endian.

    Raises:
        DataSetUnparsable: see ``scan``; or an identifying attribute stands there twice.
    """
    values: dict[int, bytes] = {}
    for element in scan(view, is_implicit_vr=is_implicit_vr):
        if element.tag in _IDENTIFYING:
            if element.tag in values:
                raise DataSetUnparsable("an identifying attribute stands there twice")
            values[element.tag] = bytes(view[element.start : element.stop])
    return Header(
        sop_class_uid=parse_uid(values.get(_SOP_CLASS_UID, b"")),
        sop_instance_uid=parse_uid(values.get(_SOP_INSTANCE_UID, b"")),
        study_instance_uid=parse_uid(values.get(_STUDY_INSTANCE_UID, b"")),
        series_instance_uid=parse_uid(values.get(_SERIES_INSTANCE_UID, b"")),
        accession_number=_text(values.get(_ACCESSION_NUMBER, b"")),
        patient_digest=_patient_digest(values),
    )


def parse_uid(value: bytes) -> str | None:
    """A UID without its padding; None where the bytes are no UID (PS3.5 9.1).

    Leading zeros in a component are let pass: scanners in service send them.
    """
    # Some senders pad with a space instead of NUL.
    value = value.removesuffix(b"\0").rstrip(b" ")
    if len(value) > _UID_LENGTH or not _UID.fullmatch(value):
        return None
    return value.decode("ascii")


def _text(value: bytes) -> str:
    text = value.decode("ascii", errors="replace").strip(" \0")
    return "".join(character for character in text if character.isprintable())[:_TEXT_LENGTH]


def _patient_digest(values: dict[int, bytes]) -> str:
    patient_id = values.get(_PATIENT_ID, b"").strip(b" \0")
    issuer = values.get(_ISSUER_OF_PATIENT_ID, b"").strip(b" \0")
    return hashlib.sha256(patient_id + b"\x1f" + issuer).hexdigest() if patient_id else ""
