"""Data Sets as bytes, good and bad, made without a library that would mend them."""

from __future__ import annotations

import itertools
import os
import struct
from dataclasses import dataclass, field, replace
from hashlib import sha256

CR = "1.2.840.10008.5.1.4.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"

SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
ACCESSION_NUMBER = 0x00080050
PATIENT_ID = 0x00100020
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E
PIXEL_DATA = 0x7FE00010

_serial = itertools.count(1)


def new_uid() -> str:
    """A UID that no other test of this run has."""
    return f"2.25.{int.from_bytes(os.urandom(6))}.{next(_serial)}"


def element(tag: int, value: bytes) -> bytes:
    """An element in Implicit VR, whatever its length."""
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def encoded(elements: dict[int, bytes | None]) -> bytes:
    """A Data Set in Implicit VR; None leaves an element out."""
    return b"".join(element(tag, value) for tag, value in sorted(elements.items()) if value is not None)


def uid_value(uid: str) -> bytes:
    """A UID with its padding."""
    value = uid.encode()
    return value + b"\0" * (len(value) % 2)


@dataclass(frozen=True)
class Instance:
    """What a C-STORE sends: the command's UIDs and the Data Set's elements in Implicit VR."""

    sop_class_uid: bytes
    sop_instance_uid: bytes
    elements: dict[int, bytes | None] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def uid(self) -> str:
        """The command's SOP Instance UID."""
        return self.sop_instance_uid.rstrip(b"\0").decode()

    @property
    def data_set(self) -> bytes:
        """The Data Set's bytes."""
        return encoded(self.elements) if self.raw is None else self.raw

    @property
    def sha256(self) -> str:
        """Of the Data Set."""
        return sha256(self.data_set).hexdigest()

    def changed(self, **elements: bytes | None) -> Instance:
        """With other values, by the names of this module's tags."""
        return replace(self, elements=self.elements | {globals()[name]: value for name, value in elements.items()})


def an_instance(*, study: str = "", pixels: bytes = bytes(64), sop_class_uid: str = CR) -> Instance:
    """A good CR image of a study, with a new SOP Instance UID."""
    uid = uid_value(new_uid())
    return Instance(
        uid_value(sop_class_uid),
        uid,
        {
            SOP_CLASS_UID: uid_value(sop_class_uid),
            SOP_INSTANCE_UID: uid,
            ACCESSION_NUMBER: b"A1",
            PATIENT_ID: b"TEST-1",
            STUDY_INSTANCE_UID: uid_value(study or new_uid()),
            SERIES_INSTANCE_UID: uid_value(new_uid()),
            PIXEL_DATA: pixels,
        },
    )
