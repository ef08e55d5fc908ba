"""What a report takes from the header of an image: patient, study, request, scanner, character set, time zone.

Headers of real scanners leave attributes out, leave them empty, or fill them with what their VR forbids. Text is
copied as the bytes that arrived, so that the report's patient is the PACS's patient to the last byte; it is
transcoded only where the declared character set cannot be true. Private elements are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta, timezone

from pydicom.dataset import Dataset

from osteo_pacs.report.character_set import UTF_8, inherited_character_set, to_utf8
from osteo_pacs.report.values import Attributes, ValueReader, declared_character_set, items

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
_IMAGE = ("Modality", "BurnedInAnnotation", "LossyImageCompression")
_REQUEST = (  # type 2 of the Referenced Request Sequence (PS3.3 C.17.2)
    *("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription"),
    *("PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest"),
)
_CODE = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")

_OFFSET = re.compile(rb"([+-])(0\d|1[0-4])([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Request:
    """One requested procedure that the study answers, and the codes of that procedure."""

    attributes: Attributes
    procedure_codes: tuple[Attributes, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The header of one image, as far as a report repeats it.

    ``scanner`` is empty where none is named; ``image`` is what a picture that shows the image has to say of it.
    """

    sop_instance_uid: str
    is_multi_frame: bool
    character_set: tuple[str, ...]
    attributes: Attributes
    scanner: Attributes
    image: Attributes
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
    declared = declared_character_set(ds)
    source = _read(ds, ValueReader(declared))
    character_set = inherited_character_set(declared, source.texts())
    if character_set == UTF_8:
        source = _read(ds, ValueReader(declared, to_utf8))
    return replace(source, character_set=character_set)


def _read(ds: Dataset, reader: ValueReader) -> Source:
    attributes = reader.values(ds, REQUIRED + _OPTIONAL)
    scanner = reader.values(ds, _SCANNER)
    requests = items(ds, "RequestAttributesSequence")
    return Source(
        sop_instance_uid=reader.value(ds, "SOPInstanceUID").decode(),
        is_multi_frame=int(reader.value(ds, "NumberOfFrames") or 1) > 1,
        character_set=reader.declared,
        attributes=attributes,
        scanner=scanner if scanner["Manufacturer"] else {},
        image=reader.values(ds, _IMAGE),
        requests=tuple(_request(item, attributes["AccessionNumber"], reader) for item in requests),
        time_zone=_time_zone(reader.value(ds, "TimezoneOffsetFromUTC")),
    )


def _request(item: Dataset, accession_number: bytes, reader: ValueReader) -> Request:
    attributes = reader.values(item, _REQUEST)
    codes = (reader.values(code, _CODE) for code in items(item, "RequestedProcedureCodeSequence"))
    return Request(
        attributes={**attributes, "AccessionNumber": attributes["AccessionNumber"] or accession_number},
        procedure_codes=tuple(code for code in codes if all(code.values())),
    )


def _time_zone(offset: bytes) -> timezone | None:
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return None
    east = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(east if match[1] == b"+" else -east)
