"""A report as people read it, in plain text: the outcome, each image with its answer, the model."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator

import pydicom
from pydicom.dataset import Dataset

from osteo_pacs.dicom import codes

_WIDTH = 100
_FLAGS = ("CompletionFlag", "VerificationFlag", "PreliminaryFlag")
_MODEL = (codes.ALGORITHM_NAME, codes.ALGORITHM_VERSION, codes.ALGORITHM_PARAMETERS)


def reader_view(document: bytes) -> str:
    """The text of a measurement report or of its twin, given as a Part 10 file; patient identity is left out."""
    ds = pydicom.dcmread(io.BytesIO(document))
    flags = ", ".join(ds[keyword].value for keyword in _FLAGS)
    written = f"{ds.ContentDate[:4]}-{ds.ContentDate[4:6]}-{ds.ContentDate[6:]} {_clock(ds.ContentTime)}"
    lines = [ds.SeriesDescription, f"{ds.SOPClassUID.name}, {flags}, written {written}", ""]
    for item in ds.ContentSequence:
        if item.ValueType == "CONTAINER" and _name(item) != codes.IMAGE_LIBRARY.meaning:
            lines.extend(_lines(item))
    return "\n".join([*lines, "", *_model_lines(ds)])


def _lines(item: Dataset, indent: str = "") -> Iterator[str]:
    """The item and what it contains; what only describes it (observer, algorithm) is left out."""
    value = _value(item)
    text = f"{_name(item)}: {value}" if value else _name(item)
    for number, line in enumerate(text.splitlines()):
        hanging = indent + "  " * (number > 0)
        yield from textwrap.wrap(line, _WIDTH, initial_indent=hanging, subsequent_indent=indent + "  ")
    for child in item.get("ContentSequence", []):
        if child.RelationshipType in {"CONTAINS", "SELECTED FROM"} or _name(child) in {
            codes.TRACKING_IDENTIFIER.meaning,
            codes.FINDING_SITE.meaning,
        }:
            yield from _lines(child, indent + "  ")


def _value(item: Dataset) -> str:
    match item.ValueType:
        case "CODE":
            return str(item.ConceptCodeSequence[0].CodeMeaning)
        case "NUM":
            measured = item.MeasuredValueSequence[0]
            return f"{measured.NumericValue} {measured.MeasurementUnitsCodeSequence[0].CodeValue}"
        case "TEXT":
            return str(item.TextValue)
        case "IMAGE":
            return str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        case "SCOORD":
            columns, rows = item.GraphicData[::2], item.GraphicData[1::2]
            return f"columns {min(columns):g} to {max(columns):g}, rows {min(rows):g} to {max(rows):g}"
    return ""


def _model_lines(ds: Dataset) -> Iterator[str]:
    """Name, version and parameters of the algorithm, as the first measurement group states them."""
    stated: dict[str, None] = {}
    for item in _walk(ds):
        if item.ValueType == "TEXT" and _name(item) in {concept.meaning for concept in _MODEL}:
            stated[f"{_name(item)}: {_value(item)}"] = None
    yield from stated or [f"{codes.ALGORITHM_NAME.meaning}: {ds.ManufacturerModelName} {ds.SoftwareVersions}"]


def _walk(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", []):
        yield child
        yield from _walk(child)


def _name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning)


def _clock(time: str) -> str:
    return f"{time[:2]}:{time[2:4]}:{time[4:6]}"
