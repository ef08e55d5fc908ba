"""Elements and Content Items to bytes, in Explicit VR Little Endian (PS3.5 A.2).

Every element is encoded by pydicom, once: what stands below a sequence is bytes already. Items without children
are remembered, because the observer, the algorithm and the coded answers are the same in study after study. What
our items say is ASCII, so the bytes of a tree do not depend on the character set of the document around it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.tag import BaseTag, Tag

from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import InstanceRef
from osteo_pacs.report.content_item import ContentItem, Measured, Polyline, Section, Uid, Value

Element = DataElement | RawDataElement


def encode(elements: Iterable[Element], encodings: Sequence[str] = ()) -> bytes:
    """The elements one after the other, in the order of their tags; ``encodings`` as pydicom names them."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    for each in sorted(elements, key=lambda each: each.tag):
        write_data_element(buffer, each, list(encodings) or None)
    return buffer.getvalue()


def element(keyword: str, value: object) -> DataElement:
    """An element by its keyword, with the VR of the dictionary (PS3.6)."""
    tag, vr = _tag_and_vr(keyword)
    return DataElement(tag, vr, value)


def sequence(keyword: str, *items: bytes) -> RawDataElement:
    """A Sequence of items that are encoded already (PS3.5 7.5)."""
    value = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(item)) + item for item in items)
    return raw_element(_tag_and_vr(keyword)[0], "SQ", value)


def raw_element(tag: BaseTag, vr: str, value: bytes) -> RawDataElement:
    """An element whose value is encoded already, of even length."""
    return RawDataElement(tag, vr, len(value), value, 0, is_implicit_VR=False, is_little_endian=True)


@lru_cache(maxsize=512)
def code(concept: CodedConcept) -> bytes:
    """The item of a code sequence (PS3.3 section 8)."""
    return encode(
        (
            element("CodeValue", concept.value),
            element("CodingSchemeDesignator", concept.scheme),
            element("CodeMeaning", concept.meaning),
        )
    )


def sop_reference(instance: InstanceRef) -> bytes:
    """The item of a sequence that refers to an instance (PS3.3 Table 10-11)."""
    return encode(
        (
            element("ReferencedSOPClassUID", instance.sop_class_uid),
            element("ReferencedSOPInstanceUID", instance.sop_instance_uid),
        )
    )


def content_sequence(items: Iterable[ContentItem]) -> RawDataElement:
    """The Content Sequence of these items, with everything below them (PS3.3 C.17.3)."""
    return sequence("ContentSequence", *map(_item, items))


def _item(item: ContentItem) -> bytes:
    return encode((*_own_elements(item), content_sequence(item.children))) if item.children else _leaf(item)


@lru_cache(maxsize=512)
def _leaf(item: ContentItem) -> bytes:
    return encode(_own_elements(item))


def _own_elements(item: ContentItem) -> tuple[Element, ...]:
    value_type, *value = _value(item.value)
    return (
        element("RelationshipType", item.relationship.value),
        element("ValueType", value_type),
        sequence("ConceptNameCodeSequence", code(item.name)),
        *value,
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
        case InstanceRef():
            return "IMAGE", sequence("ReferencedSOPSequence", sop_reference(value))
        case Polyline():
            data = [float(coordinate) for point in value.points for coordinate in point]
            return "SCOORD", element("GraphicData", data), element("GraphicType", "POLYLINE")


def _measured(value: Measured) -> bytes:
    units = sequence("MeasurementUnitsCodeSequence", code(value.unit))
    return encode((units, element("NumericValue", value.value)))


@cache
def _tag_and_vr(keyword: str) -> tuple[BaseTag, str]:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return Tag(tag), dictionary_VR(tag)
