"""Elements and Content Items to bytes, in Explicit VR Little Endian (PS3.5 7.1.2).

An element is encoded by pydicom the moment it is named, and remembered: the observer, the algorithm and the coded
answers are the same in study after study. What we say ourselves is ASCII, so its bytes do not depend on the
character set of the document around it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import InstanceRef
from osteo_pacs.report.content_item import ContentItem, FirstFrame, Measured, Polyline, Section, Uid, Value

_TAG_VR_LENGTH = struct.Struct("<HH2sH")
_TAG_VR_LONG_LENGTH = struct.Struct("<HH2s2xI")
_ITEM_LENGTH = struct.Struct("<HHI")


class Element(NamedTuple):
    """An element as bytes, with the tag that it is sorted by."""

    tag: int
    encoded: bytes


class Body(NamedTuple):
    """What a document says besides its header, and the sha256 of that, hexadecimal."""

    elements: tuple[Element, ...]
    digest: str

    @classmethod
    def of(cls, *elements: Element) -> Body:
        """These elements."""
        return cls(elements, hashlib.sha256(encode(elements)).hexdigest())


def encode(elements: Iterable[Element]) -> bytes:
    """The elements one after the other, in the order of their tags."""
    return b"".join(element.encoded for element in sorted(elements))


@lru_cache(maxsize=1024)
def element(keyword: str, value: str | bytes | int | tuple[float, ...]) -> Element:
    """An element by its keyword, with the VR of the dictionary (PS3.6); a backslash separates values."""
    tag, vr = _tag_and_vr(keyword)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_data_element(buffer, DataElement(tag, vr, list(value) if isinstance(value, tuple) else value))
    return Element(tag, buffer.getvalue())


def element_of_bytes(keyword: str, value: bytes) -> Element:
    """An element of a text VR whose value is encoded already; it is not remembered."""
    tag, vr = _tag_and_vr(keyword)
    value += b" " * (len(value) % 2)
    return Element(tag, _TAG_VR_LENGTH.pack(tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value)


def pixel_data(pixels: bytes) -> Element:
    """Pixel Data of samples of 8 bits (PS3.5 8.1.1); it is not remembered."""
    tag, _ = _tag_and_vr("PixelData")
    pixels += bytes(len(pixels) % 2)
    return Element(tag, _TAG_VR_LONG_LENGTH.pack(tag >> 16, tag & 0xFFFF, b"OB", len(pixels)) + pixels)


def sequence(keyword: str, *items: bytes) -> Element:
    """A Sequence of items that are encoded already (PS3.5 7.5)."""
    tag, vr = _tag_and_vr(keyword)
    value = b"".join(_ITEM_LENGTH.pack(0xFFFE, 0xE000, len(item)) + item for item in items)
    header = _TAG_VR_LONG_LENGTH.pack(tag >> 16, tag & 0xFFFF, vr.encode(), len(value))
    return Element(tag, header + value)


@lru_cache(maxsize=256)
def code(concept: CodedConcept) -> bytes:
    """The item of a code sequence (PS3.3 section 8)."""
    return encode(
        (
            element("CodeValue", concept.value),
            element("CodingSchemeDesignator", concept.scheme),
            element("CodeMeaning", concept.meaning),
        )
    )


def sop_reference(referenced: InstanceRef | FirstFrame) -> bytes:
    """The item of a sequence that refers to an instance, or to a frame of it (PS3.3 Tables 10-11 and 10-3)."""
    if isinstance(referenced, FirstFrame):
        return sop_reference(referenced.instance) + encode((element("ReferencedFrameNumber", "1"),))
    return encode(
        (
            element("ReferencedSOPClassUID", referenced.sop_class_uid),
            element("ReferencedSOPInstanceUID", referenced.sop_instance_uid),
        )
    )


def content_sequence(items: Iterable[ContentItem]) -> Element:
    """The Content Sequence of these items, with everything below them (PS3.3 C.17.3)."""
    return sequence("ContentSequence", *map(_item, items))


def _item(item: ContentItem) -> bytes:
    value_type, *value = _value(item.value)
    return encode(
        (
            element("RelationshipType", item.relationship.value),
            element("ValueType", value_type),
            sequence("ConceptNameCodeSequence", code(item.name)),
            *value,
            *((content_sequence(item.children),) if item.children else ()),
        )
    )


def _value(value: Value) -> tuple[str, *tuple[Element, ...]]:  # noqa: PLR0911 - one per Value Type
    match value:
        case Section():
            return "CONTAINER", element("ContinuityOfContent", value.value)
        case Uid():
            return "UIDREF", element("UID", value)
        case str():
            return "TEXT", element("TextValue", value)
        case CodedConcept():
            return "CODE", sequence("ConceptCodeSequence", code(value))
        case Measured():
            return "NUM", sequence("MeasuredValueSequence", _measured(value))
        case InstanceRef() | FirstFrame():
            return "IMAGE", sequence("ReferencedSOPSequence", sop_reference(value))
        case Polyline():
            data = tuple(float(coordinate) for point in value.points for coordinate in point)
            return "SCOORD", element("GraphicData", data), element("GraphicType", "POLYLINE")


def _measured(value: Measured) -> bytes:
    units = sequence("MeasurementUnitsCodeSequence", code(value.unit))
    return encode((units, element("NumericValue", value.value)))


@cache
def _tag_and_vr(keyword: str) -> tuple[int, str]:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag, dictionary_VR(tag)
