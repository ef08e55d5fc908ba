"""The tree of the Structured Report: TID 1500 "Measurement Report", one measurement group per image (PS3.16).

The same tree serves the Comprehensive 3D, the Comprehensive and the Enhanced SR.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.dicom.uids import tracking_uid
from osteo_pacs.findings import (
    Finding,
    InstanceRef,
    Outcome,
    Reading,
    Refusal,
    RefusalReason,
    Region,
    StudyResult,
)
from osteo_pacs.report.content_item import (
    ContentItem,
    FirstFrame,
    Measured,
    Polyline,
    Uid,
    contains,
    has_acq_context,
    has_concept_mod,
    has_obs_context,
    section,
    selected_from,
)
from osteo_pacs.report.device import Device, algorithm_identification, observation_context
from osteo_pacs.report.sentences import ascii_text, for_reading, for_study, percent

_QUALITY_FINDING = {
    RefusalReason.NOT_SELECTED: codes.OBJECT_TYPE_NOT_SUPPORTED,
    RefusalReason.UNDER_AGE: codes.OBJECT_TYPE_NOT_SUPPORTED,
    RefusalReason.NO_PIXELS: codes.OBJECT_TYPE_NOT_SUPPORTED,
    RefusalReason.UNREADABLE_PIXELS: codes.OBJECT_TYPE_NOT_SUPPORTED,
    RefusalReason.IMAGE_TOO_SMALL: codes.INSUFFICIENT_QUALITY,
    RefusalReason.IMAGE_TOO_LARGE: codes.OBJECT_TYPE_NOT_SUPPORTED,
    RefusalReason.NO_CONTRAST: codes.INSUFFICIENT_QUALITY,
    RefusalReason.POOR_COVERAGE: codes.COVERAGE_INCOMPLETE,
    RefusalReason.UNLIKE_TRAINING_IMAGES: codes.OBJECT_TYPE_NOT_SUPPORTED,
}

PRESENCE = {
    Outcome.POSITIVE: codes.PRESENT,
    Outcome.NEGATIVE: codes.ABSENT,
    Outcome.REFUSED: codes.UNDETERMINED,
}


NONE: Mapping[str, InstanceRef] = MappingProxyType({})


def measurement_report(
    result: StudyResult,
    device: Device,
    multi_frame: Collection[str] = (),
    pictures: Mapping[str, InstanceRef] = NONE,
) -> tuple[ContentItem, ...]:
    """What stands below the title of the report; the conclusion leads where there are several images.

    Args:
        result: what is reported.
        device: who says it.
        multi_frame: SOP Instance UIDs of the images that have more than one frame: the first is read.
        pictures: by the SOP Instance UID of an image, the picture that explains its result.
    """
    several = len(result.readings) > 1
    algorithm = algorithm_identification(device, result.model)
    groups = (
        _measurement_group(result, number, algorithm, multi_frame, pictures)
        for number in range(len(result.readings))
    )
    return (
        *observation_context(device),
        has_concept_mod(codes.PROCEDURE_REPORTED, codes.DUAL_ENERGY_XRAY_ABSORPTIOMETRY),
        *((_conclusion(result),) if several else ()),
        _image_library(result.readings),
        section(codes.IMAGING_MEASUREMENTS, *groups),
    )


def _conclusion(result: StudyResult) -> ContentItem:
    return section(
        codes.QUALITATIVE_EVALUATIONS,
        contains(result.model.positive_class, PRESENCE[result.outcome]),
        contains(codes.CONCLUSION, for_study(result)),
    )


def _image_library(readings: tuple[Reading, ...]) -> ContentItem:
    return section(codes.IMAGE_LIBRARY, section(codes.IMAGE_LIBRARY_GROUP, *map(_library_entry, readings)))


def _library_entry(reading: Reading) -> ContentItem:
    """TID 1601. DXA arrives as CR, SC or DX; what acquired it is a bone densitometer all the same."""
    sizes = ((codes.PIXEL_DATA_ROWS, reading.rows), (codes.PIXEL_DATA_COLUMNS, reading.columns))
    return contains(
        codes.SOURCE,
        reading.instance,
        has_acq_context(codes.MODALITY, codes.BONE_MINERAL_DENSITOMETRY),
        *(has_acq_context(name, Measured(str(size), codes.PIXELS)) for name, size in sizes if size),
    )


def _measurement_group(
    result: StudyResult,
    index: int,
    algorithm: tuple[ContentItem, ...],
    multi_frame: Collection[str],
    pictures: Mapping[str, InstanceRef],
) -> ContentItem:
    """TID 1410. The Tracking UID names the question asked of this image, so that every revision has the same."""
    reading, model = result.readings[index], result.model
    subject = ascii_text(model.positive_class.meaning).lower()
    which = f", image {index + 1}" if len(result.readings) > 1 else ""
    question = tracking_uid(reading.instance.sop_instance_uid, model.positive_class.value)
    is_positive = isinstance(reading, Finding) and reading.is_positive
    image = reading.instance
    drawn_on = FirstFrame(image) if image.sop_instance_uid in multi_frame else image
    picture = pictures.get(image.sop_instance_uid)
    return section(
        codes.MEASUREMENT_GROUP,
        has_obs_context(codes.TRACKING_IDENTIFIER, f"AI {subject}, lumbar spine DXA{which}"),
        has_obs_context(codes.TRACKING_UNIQUE_IDENTIFIER, Uid(question)),
        *((contains(codes.FINDING, model.positive_class),) if is_positive else ()),
        has_concept_mod(codes.FINDING_SITE, codes.LUMBAR_SPINE),
        *algorithm,
        *_answer(reading, model.positive_class),
        contains(codes.IMAGE_REGION, _outline(_region(reading)), selected_from(codes.SOURCE, drawn_on)),
        contains(codes.COMMENT, for_reading(reading, model)),
        *((contains(codes.VISUAL_EXPLANATION, picture),) if picture else ()),
    )


def _answer(reading: Reading, positive_class: CodedConcept) -> tuple[ContentItem, ...]:
    match reading:
        case Finding():
            return _finding(reading, positive_class)
        case Refusal():
            return _refusal(reading, positive_class)


def _finding(finding: Finding, positive_class: CodedConcept) -> tuple[ContentItem, ...]:
    probability = Measured(percent(finding.probability, is_positive=finding.is_positive), codes.PERCENT)
    return (
        contains(codes.probability_of(positive_class), probability),
        contains(positive_class, codes.PRESENT if finding.is_positive else codes.ABSENT),
        contains(
            codes.CAD_SUMMARY,
            codes.SUCCEEDED_WITH_FINDINGS if finding.is_positive else codes.SUCCEEDED_WITHOUT_FINDINGS,
        ),
        contains(codes.IMAGE_QUALITY, codes.DIAGNOSTIC_QUALITY),
    )


def _refusal(refusal: Refusal, positive_class: CodedConcept) -> tuple[ContentItem, ...]:
    """The picture is called non-diagnostic only where it was looked at."""
    quality = (
        (contains(codes.IMAGE_QUALITY, codes.NON_DIAGNOSTIC_QUALITY),) if refusal.reason.is_about_quality else ()
    )
    return (
        contains(positive_class, codes.UNDETERMINED),
        contains(codes.CAD_SUMMARY, codes.NONE_SUCCEEDED),
        *quality,
        contains(codes.QUALITY_FINDING, _QUALITY_FINDING[refusal.reason]),
    )


def _region(reading: Reading) -> Region:
    """What was analysed; the whole image where it was refused, its first pixel where its size is unknown."""
    match reading:
        case Finding():
            return reading.region
        case Refusal():
            return Region(0, 0, max(reading.columns, 1), max(reading.rows, 1))


def _outline(region: Region) -> Polyline:
    """The rectangle, closed, in six points: viewers ask about tracking at four or five of them.

    The extra vertex halves the right edge; as the second point it would be taken for a measured axis.
    """
    middle = (region.top + region.bottom) // 2
    return Polyline(
        (
            (region.left, region.top),
            (region.right, region.top),
            (region.right, middle),
            (region.right, region.bottom),
            (region.left, region.bottom),
            (region.left, region.top),
        )
    )
