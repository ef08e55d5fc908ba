"""What a report takes from the header of an image: patient, study, request, scanner, character set, time zone.

Headers of real scanners leave attributes out, leave them empty, or fill them with what their VR forbids. Text is
copied as the bytes that arrived, so that the report's patient is the PACS's patient to the last byte; it is
transcoded only where the declared character set cannot be true. Private elements are never read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta, timezone

from pydicom.charset import convert_encodings, encode_string
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

from osteo_pacs.report.character_set import UTF_8, inherited_character_set, is_known, to_utf8

Attributes = Mapping[str, bytes]
"""Values by keyword, encoded, without padding; empty where the source has none that its VR allows."""

Transcode = Callable[[bytes], bytes]

REQUIRED = (  # type 2 of the Patient and General Study modules (PS3.3 C.7.1.1, C.7.2.1)
    *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"),
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
)
_OPTIONAL = (
    *("InstitutionName", "StudyDescription", "IssuerOfPatientID"),
    *("PatientAge", "PatientSize", "PatientWeight"),
)
_SCANNER = (
    *("Manufacturer", "InstitutionName", "StationName", "ManufacturerModelName"),
    *("DeviceSerialNumber", "SoftwareVersions"),
)
_REQUEST = (  # type 2 of the Referenced Request Sequence (PS3.3 C.17.2)
    *("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription"),
    *("PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest"),
)
_CODE = ("CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning")

_CONTROL_CHARACTERS = re.compile(rb"[\x00-\x1a\x1c-\x1f\x7f]")
_ALLOWED = {
    "AS": re.compile(rb"\d{3}[DWMY]"),
    "CS": re.compile(rb"[A-Z0-9_ ]{1,16}"),
    "DA": re.compile(rb"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"),
    "DS": re.compile(rb"(?=.{1,16}$)[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
    "IS": re.compile(rb"\d{1,12}"),
    "TM": re.compile(rb"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
    "UI": re.compile(rb"[0-9.]{1,64}"),
}
_SEX = re.compile(rb"[MFO]")
_OFFSET = re.compile(rb"([+-])(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True)
class Request:
    """One requested procedure that the study answers, and the codes of that procedure."""

    attributes: Attributes
    procedure_codes: tuple[Attributes, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The header of one image, as far as a report repeats it; ``scanner`` is empty where none is named."""

    sop_instance_uid: str
    is_multi_frame: bool
    character_set: tuple[str, ...]
    attributes: Attributes
    scanner: Attributes
    requests: tuple[Request, ...]
    time_zone: timezone | None

    def texts(self) -> Iterator[bytes]:
        """Every value that is repeated."""
        yield from self.attributes.values()
        yield from self.scanner.values()
        for request in self.requests:
            yield from request.attributes.values()
            for code in request.procedure_codes:
                yield from code.values()


def read_source(ds: Dataset) -> Source:
    """The part of the Data Set ``ds`` that a report repeats; pixels and private elements are not looked at."""
    declared = _declared_character_set(ds)
    source = _read(ds, declared, as_is)
    character_set = inherited_character_set(declared, source.texts())
    if character_set == UTF_8:
        return _read(ds, UTF_8, to_utf8)
    return replace(source, character_set=character_set)


def as_is(text: bytes) -> bytes:
    """The text unchanged."""
    return text


def _read(ds: Dataset, character_set: tuple[str, ...], transcode: Transcode) -> Source:
    attributes = _values(ds, REQUIRED + _OPTIONAL, transcode)
    scanner = _values(ds, _SCANNER, transcode)
    requests = _items(ds, "RequestAttributesSequence")
    return Source(
        sop_instance_uid=_value(ds, "SOPInstanceUID").decode(),
        is_multi_frame=int(_value(ds, "NumberOfFrames") or 1) > 1,
        character_set=character_set,
        attributes=attributes,
        scanner=scanner if scanner["Manufacturer"] else {},
        requests=tuple(_request(item, attributes["AccessionNumber"], transcode) for item in requests),
        time_zone=_time_zone(_value(ds, "TimezoneOffsetFromUTC")),
    )


def _request(item: Dataset, accession_number: bytes, transcode: Transcode) -> Request:
    attributes = _values(item, _REQUEST, transcode)
    codes = _items(item, "RequestedProcedureCodeSequence")
    return Request(
        attributes={**attributes, "AccessionNumber": attributes["AccessionNumber"] or accession_number},
        procedure_codes=tuple(_values(code, _CODE, transcode) for code in codes),
    )


def _values(ds: Dataset, keywords: tuple[str, ...], transcode: Transcode) -> Attributes:
    return {keyword: transcode(_value(ds, keyword)) for keyword in keywords}


def _value(ds: Dataset, keyword: str) -> bytes:
    tag = Tag(keyword)
    if tag not in ds:
        return b""
    element = ds.get_item(tag)
    value = element.value if isinstance(element, RawDataElement) else _encoded(element, ds)
    text = _CONTROL_CHARACTERS.sub(b"", value or b"").strip(b" ")
    allowed = _SEX if keyword == "PatientSex" else _ALLOWED.get(dictionary_VR(tag))
    return text if allowed is None or allowed.fullmatch(text) else b""


def _encoded(element: DataElement, ds: Dataset) -> bytes:
    """The value of an element that pydicom has decoded, in the declared character set again."""
    value = element.value
    text = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value or "")
    text = text.replace("\N{REPLACEMENT CHARACTER}", "?")
    declared = _declared_character_set(ds)
    encodings = convert_encodings(list(declared if is_known(declared) else UTF_8))
    return PersonName(text).encode(encodings) if element.VR == "PN" else encode_string(text, encodings)


def _items(ds: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent, or too broken to be read."""
    try:
        value = ds.get(keyword)
    except (ValueError, KeyError, OSError, EOFError, struct.error):
        return []
    return list(value) if isinstance(value, Sequence) else []


def _declared_character_set(ds: Dataset) -> tuple[str, ...]:
    declared = ds.get("SpecificCharacterSet") or ()
    return (declared,) if isinstance(declared, str) else tuple(declared)


def _time_zone(offset: bytes) -> timezone | None:
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return None
    east = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(east if match[1] == b"+" else -east)
