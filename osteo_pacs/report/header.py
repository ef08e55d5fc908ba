"""The modules around what a document says: of every document, and of a report (PS3.3 A.35, IHE AIR)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import InstanceRef
from osteo_pacs.report.device import Device
from osteo_pacs.report.encoding import Element, code, element, element_of_bytes, encode, sequence, sop_reference
from osteo_pacs.report.source import REQUIRED, Request, Source
from osteo_pacs.report.values import Attributes


def study_header(sources: Sequence[Source], device: Device, now: datetime) -> list[Element]:
    """The elements that every document of the study has alike.

    The first source gives patient, study and character set; the scanners of the others are taken where they can be
    written in that character set. ``now`` is written in the zone of the source, if it has one.
    """
    first = sources[0]
    local = now.astimezone(first.time_zone) if first.time_zone else now
    return [
        *_inherited(first),
        *_equipment(device),
        *_times(local, is_zone_known=first.time_zone is not None),
        _contributing_equipment([source.scanner for source in _alike(sources)], device, local),
    ]


def report_header(sources: Sequence[Source], evidence: Sequence[InstanceRef]) -> list[Element]:
    """What a Structured Report has besides: its state, the orders that it answers, and what it rests on."""
    return [
        *_flags(),
        *_requests([request for source in _alike(sources) for request in source.requests], evidence[0]),
        hierarchical_reference("CurrentRequestedProcedureEvidenceSequence", evidence),
    ]


def hierarchical_reference(keyword: str, instances: Iterable[InstanceRef]) -> Element:
    """A sequence of references by study and series (PS3.3 Table C.17-3)."""
    by_study = sorted(
        dict.fromkeys(instances), key=lambda each: (each.study_instance_uid, each.series_instance_uid)
    )
    return sequence(
        keyword,
        *(
            encode([element("StudyInstanceUID", uid), sequence("ReferencedSeriesSequence", *_series(study))])
            for uid, study in groupby(by_study, key=lambda each: each.study_instance_uid)
        ),
    )


def _alike(sources: Sequence[Source]) -> list[Source]:
    """Those that can be written in the first one's character set."""
    return [source for source in sources if source.character_set == sources[0].character_set]


def _series(instances: Iterable[InstanceRef]) -> Iterable[bytes]:
    for uid, series in groupby(instances, key=lambda each: each.series_instance_uid):
        references = sequence("ReferencedSOPSequence", *map(sop_reference, series))
        yield encode([element("SeriesInstanceUID", uid), references])


def _inherited(source: Source) -> list[Element]:
    elements = _raw(source.attributes, required=REQUIRED)
    if source.character_set:
        elements.append(element("SpecificCharacterSet", "\\".join(source.character_set)))
    return elements


def _raw(attributes: Attributes, *, required: Sequence[str] = ()) -> list[Element]:
    """The attributes as elements; an empty one only where it is required."""
    return [
        element_of_bytes(keyword, value) for keyword, value in attributes.items() if value or keyword in required
    ]


def _equipment(device: Device) -> list[Element]:
    return [
        element("Manufacturer", device.manufacturer),
        element("ManufacturerModelName", device.model_name),
        element("DeviceSerialNumber", device.serial_number),
        element("SoftwareVersions", device.software_version),
    ]


def _times(now: datetime, *, is_zone_known: bool) -> list[Element]:
    return [
        *([element("TimezoneOffsetFromUTC", f"{now:%z}")] if is_zone_known else []),
        *(element(f"{what}Date", f"{now:%Y%m%d}") for what in ("InstanceCreation", "Series", "Content")),
        *(element(f"{what}Time", f"{now:%H%M%S.%f}") for what in ("InstanceCreation", "Series", "Content")),
    ]


def _flags() -> list[Element]:
    """SR Document Series and General, as far as they never change (PS3.3 C.17.1, C.17.2)."""
    return [
        element("Modality", "SR"),
        element("CompletionFlag", "COMPLETE"),
        element("VerificationFlag", "UNVERIFIED"),
        element("PreliminaryFlag", "PRELIMINARY"),
        sequence("ReferencedPerformedProcedureStepSequence"),
        sequence("PerformedProcedureCodeSequence"),
    ]


def _contributing_equipment(scanners: Iterable[Attributes], device: Device, now: datetime) -> Element:
    distinct = {tuple(scanner.items()): scanner for scanner in scanners if scanner}
    acquisition = (
        encode(
            [
                *_raw(scanner),
                *_contribution(codes.ACQUISITION_EQUIPMENT, "Acquisition equipment of the source images"),
            ]
        )
        for scanner in distinct.values()
    )
    processing = encode(
        [
            *_equipment(device),
            element("DeviceUID", device.device_uid),
            element("ContributionDateTime", f"{now:%Y%m%d%H%M%S}"),
            *_contribution(codes.PROCESSING_EQUIPMENT, "AI inference"),
        ]
    )
    return sequence("ContributingEquipmentSequence", *acquisition, processing)


def _contribution(purpose: CodedConcept, description: str) -> list[Element]:
    return [
        sequence("PurposeOfReferenceCodeSequence", code(purpose)),
        element("ContributionDescription", description),
    ]


def _requests(requests: list[Request], instance: InstanceRef) -> list[Element]:
    """The orders that the study answers; left out where the source names none (PS3.3 C.17.2, type 1C)."""
    items = list(dict.fromkeys(_request(request, instance.study_instance_uid) for request in requests))
    return [sequence("ReferencedRequestSequence", *items)] if items else []


def _request(request: Request, study_instance_uid: str) -> bytes:
    procedure_codes = (encode(_raw(each)) for each in request.procedure_codes)
    return encode(
        [
            element("StudyInstanceUID", study_instance_uid),
            sequence("ReferencedStudySequence"),
            *_raw(request.attributes, required=tuple(request.attributes)),
            sequence("RequestedProcedureCodeSequence", *procedure_codes),
        ]
    )
