"""What stands before a Data Set in a Part 10 file (PS3.10 section 7.1), as bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from osteo_pacs.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

# Zeros: a preamble may hold a program, and is never taken from a peer.
_PREAMBLE = bytes(128) + b"DICM"


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What the File Meta Information says of an instance (PS3.10 7.1)."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    source_ae_title: str = ""

    def encode(self) -> bytes:
        """Preamble, prefix and group 0002 in Explicit VR Little Endian."""
        elements = b"".join(
            (
                _long_element(0x0001, b"OB", b"\0\1"),
                _element(0x0002, b"UI", self.sop_class_uid),
                _element(0x0003, b"UI", self.sop_instance_uid),
                _element(0x0010, b"UI", self.transfer_syntax_uid),
                _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
                _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
                _element(0x0016, b"AE", self.source_ae_title) if self.source_ae_title else b"",
            )
        )
        return _PREAMBLE + struct.pack("<HH2sHL", 2, 0, b"UL", 4, len(elements)) + elements


def _element(number: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii")
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", 2, number, vr, len(value)) + value


def _long_element(number: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sHL", 2, number, vr, 0, len(value)) + value
