"""The top level of an encoded Data Set, read from its bytes (PS3.5 section 7); no value is decoded.

    for element in scan(view, is_implicit_vr=True):
        element.tag, view[element.start : element.stop]

Sequences are walked without recursion: they are not handed out, but their nesting is limited and their lengths
must fit. Whatever a reader could take for a sequence counts: VR SQ, values of undefined length, and, where the VR
is not told, values that begin with an Item.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from osteo_pacs.errors import PermanentError

MAX_DEPTH = 32
MAX_ELEMENTS = 200_000
PIXEL_DATA = 0x7FE00010
UNDEFINED_LENGTH = 0xFFFFFFFF

_ITEM = 0xFFFEE000
_ITEM_DELIMITATION = 0xFFFEE00D
_SEQUENCE_DELIMITATION = 0xFFFEE0DD
_ITEM_BYTES = b"\xfe\xff\x00\xe0"
_FORBIDDEN_GROUPS = (0x0000, 0x0002, 0xFFFE)
_LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_KNOWN_VRS = _LONG_VRS | frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT",
     b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
_TAG = struct.Struct("<HH")
_TAG_AND_LENGTH = struct.Struct("<HHL")
_TAG_VR_AND_LENGTH = struct.Struct("<HH2sH")
_LENGTH = struct.Struct("<L")


class DataSetUnparsable(PermanentError):
    """The Data Set cannot be understood."""


class Element(NamedTuple):
    """A Data Element of the top level; its value lies at ``start`` to ``stop``."""

    tag: int
    start: int
    stop: int


class _Misfit(DataSetUnparsable):
    """The bytes do not fit what they were taken for."""


class _Kind(Enum):
    DATA_SET = auto()
    ITEMS = auto()
    FRAGMENTS = auto()


@dataclass(frozen=True, slots=True)
class _Frame:
    """A value that is being walked. ``stop`` is None where a delimiter ends it, ``limit`` where it must end."""

    kind: _Kind
    stop: int | None
    limit: int
    is_implicit_vr: bool
    is_guess: bool = False


def scan(view: bytes | memoryview, *, is_implicit_vr: bool) -> Iterator[Element]:
    """The elements of the top level in their order, little endian.

    Pixel Data that ends too early is handed out as far as it goes.

    Raises:
        DataSetUnparsable: lengths that do not fit, groups that have no place in a Data Set, more than 32 sequences
            in one another, or more than 200,000 elements.
    """
    walk = _Walk(memoryview(view), is_implicit_vr=is_implicit_vr)
    while walk.offset < walk.top.limit:
        yield walk.next_element()


class _Walk:
    def __init__(self, view: memoryview, *, is_implicit_vr: bool) -> None:
        self.view = view
        self.offset = 0
        self.elements = 0
        self.top = _Frame(_Kind.DATA_SET, len(view), len(view), is_implicit_vr)
        self.stack: list[_Frame] = []

    def next_element(self) -> Element:
        tag, start, value = self._header(self.top)
        if isinstance(value, int):
            self.offset = value
        else:
            self._walk_value(tag, value)
        return Element(tag, start, self.offset)

    def _walk_value(self, tag: int, value: _Frame | None) -> None:
        if value is None:
            raise _Misfit(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is longer than the Data Set")
        self.stack = [value]
        while self.stack:
            try:
                self._step(self.stack[-1])
            except _Misfit:
                if not self._falls_back(tag):
                    raise

    def _step(self, frame: _Frame) -> None:
        if self.offset == frame.stop:
            self.stack.pop()
        elif frame.kind is _Kind.DATA_SET:
            self._step_in_data_set(frame)
        else:
            self._step_in_items(frame)

    def _step_in_data_set(self, frame: _Frame) -> None:
        if frame.stop is None and self._is_delimitation(frame):
            self.offset += 8
            self.stack.pop()
            return
        tag, _, value = self._header(frame)
        if value is None:
            raise _Misfit(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is longer than its Item")
        if isinstance(value, _Frame):
            self._enter(value)
        else:
            self.offset = value

    def _step_in_items(self, frame: _Frame) -> None:
        group, number, length = self._unpack(_TAG_AND_LENGTH, frame)
        tag = group << 16 | number
        self.offset += 8
        if tag == _SEQUENCE_DELIMITATION and frame.stop is None:
            self.stack.pop()
            return
        if tag != _ITEM:
            raise _Misfit("a sequence holds something else than Items")
        stop = None if length == UNDEFINED_LENGTH else self.offset + length
        if stop is not None and stop > frame.limit:
            raise _Misfit("an Item is longer than its sequence")
        self._count()
        if frame.kind is _Kind.ITEMS:
            limit = frame.limit if stop is None else stop
            self._enter(_Frame(_Kind.DATA_SET, stop, limit, frame.is_implicit_vr))
        elif stop is None:
            raise _Misfit("a fragment of Pixel Data has no length")
        else:
            self.offset = stop

    def _enter(self, frame: _Frame) -> None:
        # Each level is two frames, a sequence and its Item.
        if len(self.stack) >= 2 * MAX_DEPTH:
            raise DataSetUnparsable(f"more than {MAX_DEPTH} sequences in one another")
        self.stack.append(frame)

    def _falls_back(self, tag: int) -> bool:
        """Out of the innermost value that was only taken for a sequence, and past it."""
        while self.stack:
            frame = self.stack.pop()
            if frame.is_guess and frame.stop is not None:
                self.offset = frame.stop
                return True
        if tag == PIXEL_DATA:
            self.offset = self.top.limit
        return tag == PIXEL_DATA

    def _header(self, frame: _Frame) -> tuple[int, int, int | _Frame | None]:
        """Tag, start of the value, and its end, or how to walk it, or None where it does not fit."""
        self._count()
        tag, vr, length = self._tag_vr_length(frame)
        start = self.offset
        if tag >> 16 in _FORBIDDEN_GROUPS:
            raise _Misfit(f"group {tag >> 16:04X} has no place in a Data Set")
        if length == UNDEFINED_LENGTH:
            return tag, start, self._undefined(frame, tag, vr)
        stop = start + length
        if stop > frame.limit:
            return tag, start, self.top.limit if tag == PIXEL_DATA and frame is self.top else None
        if vr == b"SQ":
            return tag, start, _Frame(_Kind.ITEMS, stop, stop, frame.is_implicit_vr)
        if vr in (None, b"UN") and self.view[start : start + 4] == _ITEM_BYTES:
            return tag, start, _Frame(_Kind.ITEMS, stop, stop, is_implicit_vr=True, is_guess=True)
        return tag, start, stop

    def _undefined(self, frame: _Frame, tag: int, vr: bytes | None) -> _Frame:
        if tag == PIXEL_DATA or vr in (b"OB", b"OW"):
            return _Frame(_Kind.FRAGMENTS, None, frame.limit, frame.is_implicit_vr)
        if vr not in (None, b"SQ", b"UN"):
            raise _Misfit(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) has no length")
        # PS3.5 6.2.2: a value of VR UN and undefined length is a sequence in Implicit VR.
        return _Frame(_Kind.ITEMS, None, frame.limit, frame.is_implicit_vr or vr == b"UN")

    def _tag_vr_length(self, frame: _Frame) -> tuple[int, bytes | None, int]:
        if frame.is_implicit_vr:
            group, number, length = self._unpack(_TAG_AND_LENGTH, frame)
            self.offset += 8
            return group << 16 | number, None, length
        group, number, vr, length = self._unpack(_TAG_VR_AND_LENGTH, frame)
        self.offset += 8
        if vr not in _KNOWN_VRS:
            raise _Misfit(f"({group:04X},{number:04X}) has no VR")
        if vr in _LONG_VRS:
            (length,) = self._unpack(_LENGTH, frame)
            self.offset += 4
        return group << 16 | number, vr, length

    def _is_delimitation(self, frame: _Frame) -> bool:
        group, number = self._unpack(_TAG, frame)
        return bool(group << 16 | number == _ITEM_DELIMITATION)

    def _unpack(self, form: struct.Struct, frame: _Frame) -> tuple[Any, ...]:
        if self.offset + form.size > frame.limit:
            raise _Misfit("ends in the middle of an element")
        return form.unpack_from(self.view, self.offset)

    def _count(self) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise DataSetUnparsable(f"more than {MAX_ELEMENTS} elements")
