"""The report as text: a Basic Text SR for viewers that show no verdict from TID 1500 (TID 2000, PS3.16)."""

from __future__ import annotations

from osteo_pacs.dicom import codes
from osteo_pacs.findings import Finding, ModelVersion, Reading, StudyResult
from osteo_pacs.report.content_item import ContentItem, contains, section
from osteo_pacs.report.device import Device, observation_context
from osteo_pacs.report.sentences import (
    UNVERIFIED,
    ascii_text,
    for_study,
    percent_in_words,
    threshold_percent,
)


def text_report(result: StudyResult, device: Device) -> tuple[ContentItem, ...]:
    """What stands below the title: the conclusion in one sentence, then the findings as lines."""
    several = len(result.readings) > 1
    images = (_image_lines(result, number, several=several) for number in range(len(result.readings)))
    return (
        *observation_context(device),
        section(codes.CONCLUSIONS_SECTION, contains(codes.CONCLUSION, for_study(result))),
        section(
            codes.FINDINGS_SECTION,
            *(contains(codes.FINDING, _lines(lines)) for lines in images),
            contains(codes.COMMENT, _lines(_about(result.model, device))),
        ),
    )


def _image_lines(result: StudyResult, index: int, *, several: bool) -> list[str]:
    reading, model = result.readings[index], result.model
    name = ascii_text(model.positive_class.meaning)
    heading = f"Image {index + 1} of {len(result.readings)}" if several else "Image"
    return [*_reading_lines(reading, model, name), f"{heading}: {reading.instance.sop_instance_uid}"]


def _reading_lines(reading: Reading, model: ModelVersion, name: str) -> list[str]:
    if not isinstance(reading, Finding):
        return [f"{name}: NOT EVALUATED", f"Reason: {ascii_text(reading.sentence)}"]
    probability = percent_in_words(reading.probability, is_positive=reading.is_positive)
    return [
        f"{name}: {'PRESENT' if reading.is_positive else 'ABSENT'}",
        f"Probability of {name.lower()}: {probability} (decision threshold {threshold_percent(model)} %)",
        f"Image quality: {codes.DIAGNOSTIC_QUALITY.meaning}",
    ]


def _about(model: ModelVersion, device: Device) -> list[str]:
    return [
        f"Algorithm: {device.model_name} {device.software_version} ({device.manufacturer})",
        f"Meaning: {ascii_text(model.label_definition)}",
        *(f"Limit: {ascii_text(limitation)}" for limitation in model.limitations),
        UNVERIFIED,
    ]


def _lines(lines: list[str]) -> str:
    return "\r\n".join(lines)
