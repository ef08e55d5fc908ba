"""An instance as it is sent: the identity that C-STORE names, and the Data Set's bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Self

from pydicom import dcmread
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom.dsutils import encode

from osteo_pacs.errors import PermanentError

_META_START = 132
_META_LENGTH = struct.Struct("<HH2sHI")
_MALFORMED = (
    InvalidDicomError, BytesLengthException, AttributeError, NotImplementedError, ValueError, struct.error,
)  # fmt: skip
"""What the library meets malformed File Meta Information with."""


class NotSendable(PermanentError):
    """What is to be sent is no Part 10 file in an uncompressed transfer syntax."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A SOP Instance; ``data_set`` is encoded in ``transfer_syntax_uid`` and has no File Meta Information."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set: bytes

    @classmethod
    def from_part10(cls, content: bytes) -> Self:
        """The instance in a Part 10 file (PS3.10 7.1); its Data Set's bytes are taken as they are.

        Raises:
            NotSendable: the bytes are no Part 10 file, or its File Meta Information is incomplete.
        """
        start = _data_set_start(content)
        try:
            meta = dcmread(BytesIO(content[:start])).file_meta
            return cls(
                str(meta.MediaStorageSOPClassUID),
                str(meta.MediaStorageSOPInstanceUID),
                str(meta.TransferSyntaxUID),
                content[start:],
            )
        except _MALFORMED as error:
            raise NotSendable(type(error).__name__) from error

    def encoded_in(self, transfer_syntax_uid: str) -> bytes:
        """The Data Set's bytes: those that are stored, or re-encoded where the peer took no other syntax.

        Raises:
            NotSendable: the one syntax cannot be turned into the other.
        """
        if transfer_syntax_uid == self.transfer_syntax_uid:
            return self.data_set
        source, target = UID(self.transfer_syntax_uid), UID(transfer_syntax_uid)
        if source != ExplicitVRLittleEndian or target.is_compressed:
            raise NotSendable(f"{source.name} does not turn into {target.name}")
        ds = dcmread(BytesIO(self.data_set), force=True)
        encoded = encode(ds, target.is_implicit_VR, target.is_little_endian)
        if encoded is None:
            raise NotSendable(f"the Data Set cannot be encoded in {target.name}")
        return encoded


def _data_set_start(content: bytes) -> int:
    if content[_META_START - 4 : _META_START] != b"DICM" or len(content) < _META_START + _META_LENGTH.size:
        raise NotSendable("the prefix DICM is missing")
    group, element, _, _, length = _META_LENGTH.unpack_from(content, _META_START)
    if (group, element) != (0x0002, 0x0000):
        raise NotSendable("the File Meta Information Group Length is missing")
    return _META_START + _META_LENGTH.size + int(length)
