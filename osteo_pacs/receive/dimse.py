"""DIMSE commands, as bytes and as values (PS3.7 6.3 and Annex E): Implicit VR Little Endian. No I/O."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from osteo_pacs.dicom.status import Status
from osteo_pacs.receive.pdu import ProtocolError

COMMAND_CAP_BYTES = 16_384
_ELEMENT = struct.Struct("<HHL")
_SHORT = struct.Struct("<H")
_NO_DATA_SET = 0x0101
_RESPONSE = 0x8000
_ERROR_COMMENT_LENGTH = 64
_UID_LENGTH = 64


class CommandField(IntEnum):
    """The commands that the listener knows (PS3.7 E.1)."""

    C_STORE_RQ = 0x0001
    C_ECHO_RQ = 0x0030
    C_CANCEL_RQ = 0x0FFF


class Number(IntEnum):
    """Elements of group 0000 (PS3.7 E.1)."""

    AFFECTED_SOP_CLASS_UID = 0x0002
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    MESSAGE_ID_BEING_RESPONDED_TO = 0x0120
    COMMAND_DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    ERROR_COMMENT = 0x0902
    AFFECTED_SOP_INSTANCE_UID = 0x1000


@dataclass(frozen=True, slots=True)
class Command:
    """A request. The UIDs are as the peer sent them, padding included."""

    field: int
    message_id: int
    has_data_set: bool
    sop_class_uid: bytes
    sop_instance_uid: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and why; ``comment`` is ours, and at most 64 characters of it are sent."""

    status: Status
    comment: str = ""


def decode_command(data: bytes) -> Command:
    """A whole command.

    Raises:
        ProtocolError: it is no request, or its elements do not fit.
    """
    elements = _elements(data)
    field = _number(elements, Number.COMMAND_FIELD)
    if field & _RESPONSE:
        raise ProtocolError("a response that nobody asked for")
    is_cancel = field == CommandField.C_CANCEL_RQ
    return Command(
        field=field,
        message_id=0 if is_cancel else _number(elements, Number.MESSAGE_ID),
        has_data_set=_number(elements, Number.COMMAND_DATA_SET_TYPE) != _NO_DATA_SET,
        sop_class_uid=elements.get(Number.AFFECTED_SOP_CLASS_UID, b""),
        sop_instance_uid=elements.get(Number.AFFECTED_SOP_INSTANCE_UID, b""),
    )


def encode_response(command: Command, answer: Answer) -> bytes:
    """The response to a request; a UID longer than UIDs are is not repeated."""
    comment = answer.comment[:_ERROR_COMMENT_LENGTH].encode("ascii", errors="replace")
    elements = b"".join(
        (
            _uid_element(Number.AFFECTED_SOP_CLASS_UID, command.sop_class_uid),
            _short_element(Number.COMMAND_FIELD, command.field | _RESPONSE),
            _short_element(Number.MESSAGE_ID_BEING_RESPONDED_TO, command.message_id),
            _short_element(Number.COMMAND_DATA_SET_TYPE, _NO_DATA_SET),
            _short_element(Number.STATUS, answer.status),
            _element(Number.ERROR_COMMENT, comment + b" " * (len(comment) % 2)) if comment else b"",
            _uid_element(Number.AFFECTED_SOP_INSTANCE_UID, command.sop_instance_uid),
        )
    )
    return _ELEMENT.pack(0, 0, 4) + struct.pack("<L", len(elements)) + elements


def _elements(data: bytes) -> dict[int, bytes]:
    elements: dict[int, bytes] = {}
    offset = 0
    while offset < len(data):
        if offset + _ELEMENT.size > len(data):
            raise ProtocolError("a command that ends in an element")
        group, number, length = _ELEMENT.unpack_from(data, offset)
        start, offset = offset + _ELEMENT.size, offset + _ELEMENT.size + length
        if group or offset > len(data):
            raise ProtocolError("a command with an element that does not fit")
        elements[number] = data[start:offset]
    return elements


def _number(elements: dict[int, bytes], number: Number) -> int:
    value = elements.get(number, b"")
    if len(value) != _SHORT.size:
        raise ProtocolError(f"a command without (0000,{number:04X})")
    return int(_SHORT.unpack(value)[0])


def _element(number: Number, value: bytes) -> bytes:
    return _ELEMENT.pack(0, number, len(value)) + value


def _short_element(number: Number, value: int) -> bytes:
    return _element(number, _SHORT.pack(value))


def _uid_element(number: Number, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    return _element(number, value) if 0 < len(value) <= _UID_LENGTH else b""
