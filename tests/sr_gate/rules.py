"""What no public validator checks: IHE AIR's header, and what viewers need to show a report at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from osteo_pacs.dicom import codes
from sr_gate.tree import answers, children, code_value, descendants, evidence, is_named, named, references

Rule = Callable[[Dataset], Iterator[str]]

OUTCOMES = ("AI POSITIVE", "AI NEGATIVE", "AI NOT EVALUATED")
# IHE AIR Rev. 1.3, table 6.5.3.1-1: what the tree says of the device, and where the header says it.
SAME_DEVICE = {
    codes.ALGORITHM_NAME: "ManufacturerModelName",
    codes.ALGORITHM_VERSION: "SoftwareVersions",
    codes.DEVICE_OBSERVER_MODEL_NAME: "ManufacturerModelName",
    codes.DEVICE_OBSERVER_MANUFACTURER: "Manufacturer",
    codes.DEVICE_OBSERVER_UID: "DeviceUID",
}


def measurement_rules(path: Path) -> list[str]:
    """The rules for a TID 1500 report."""
    return _apply(path, (*_SHARED, _title, _same_device, _library, _groups, _own_codes))


def text_rules(path: Path) -> list[str]:
    """The rules for the text twin."""
    return _apply(path, (*_SHARED, _conclusion_first, _text_only))


def _apply(path: Path, rules: tuple[Rule, ...]) -> list[str]:
    try:
        ds = pydicom.dcmread(path)
        return [complaint for rule in rules for complaint in rule(ds)]
    except (InvalidDicomError, AttributeError, IndexError, KeyError, ValueError) as error:
        return [f"{type(error).__name__}: {error}"]


def _flags(ds: Dataset) -> Iterator[str]:
    flags = (ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag)
    if flags != ("COMPLETE", "UNVERIFIED", "PRELIMINARY"):
        yield f"flags {flags}"
    if ds.Modality != "SR":
        yield f"Modality {ds.Modality}"


def _series(ds: Dataset) -> Iterator[str]:
    if not ds.SeriesDescription.startswith(OUTCOMES):
        yield "viewers cut the series description after about 20 characters: the outcome comes first"
    if len(ds.SeriesDescription) > 64:
        yield "the series description is too long"


def _processing_equipment(ds: Dataset) -> Iterator[str]:
    equipment = _equipment(ds)
    if not equipment:
        yield "AIR: no Processing Equipment among the Contributing Equipment"
    for item in equipment:
        for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "DeviceUID"):
            if not item.get(keyword):
                yield f"AIR: no {keyword} in the Contributing Equipment"


def _evidence(ds: Dataset) -> Iterator[str]:
    missing = references(ds) - evidence(ds)
    if missing:
        yield f"{len(missing)} references are not in the evidence"
    if not evidence(ds):
        yield "no evidence"


def _request(ds: Dataset) -> Iterator[str]:
    for request in ds.get("ReferencedRequestSequence") or []:
        if request.StudyInstanceUID != ds.StudyInstanceUID:
            yield "the request is of another study"


def _containers(ds: Dataset) -> Iterator[str]:
    for item in (ds, *descendants(ds)):
        if item.ValueType == "CONTAINER" and item.ContinuityOfContent != "SEPARATE":
            yield f"{code_value(item)} is CONTINUOUS: Weasis, DCMTK and Horos drop the names in it"


def _names(ds: Dataset) -> Iterator[str]:
    for item in descendants(ds):
        if code_value(item) is None:
            yield f"OHIF's text view ends in an error page: a nameless {item.ValueType}"


def _ascii(ds: Dataset) -> Iterator[str]:
    for item in descendants(ds):
        if item.ValueType == "TEXT" and not str(item.TextValue).isascii():
            yield f"our own text is not ASCII in {code_value(item)}"


def _unverified(ds: Dataset) -> Iterator[str]:
    for item in descendants(ds):
        if _is_judgement(item) and not re.search("not verified by a physician|NOT EVALUATED", item.TextValue):
            yield f"{code_value(item)} does not say that it is unverified"


def _is_judgement(item: Dataset) -> bool:
    return is_named(item, codes.CONCLUSION) or (
        is_named(item, codes.COMMENT) and str(item.TextValue).startswith("AI: ")
    )


_SHARED: tuple[Rule, ...] = (
    _flags, _series, _processing_equipment, _evidence, _request, _containers, _names, _ascii,
    _unverified,
)  # fmt: skip


def _title(ds: Dataset) -> Iterator[str]:
    if code_value(ds) != "126000" or ds.ContentTemplateSequence[0].TemplateIdentifier != "1500":
        yield "not a TID 1500 Imaging Measurement Report"


def _same_device(ds: Dataset) -> Iterator[str]:
    for equipment in _equipment(ds):
        for concept, keyword in SAME_DEVICE.items():
            said = {str(item.get("TextValue") or item.get("UID")) for item in named([*descendants(ds)], concept)}
            if said != {str(equipment.get(keyword))}:
                yield f"AIR table 6.5.3.1-1: {concept.meaning} is not the {keyword}"


def _library(ds: Dataset) -> Iterator[str]:
    libraries = named(children(ds), codes.IMAGE_LIBRARY)
    if not libraries or not named(children(libraries[0]), codes.IMAGE_LIBRARY_GROUP):
        yield "OHIF: no Image Library with a group"


def _groups(ds: Dataset) -> Iterator[str]:
    groups = [group for section in named(children(ds), codes.IMAGING_MEASUREMENTS) for group in children(section)]
    if not groups:
        yield "OHIF: no measurement group"
    for group in groups:
        yield from _tracking(children(group))
        yield from _region(children(group))
        yield from _answer(children(group))


def _tracking(items: list[Dataset]) -> Iterator[str]:
    uids = [item for item in items if item.ValueType == "UIDREF"]
    if not uids or not is_named(uids[0], codes.TRACKING_UNIQUE_IDENTIFIER):
        yield "OHIF: the first UIDREF of a group is its Tracking UID"
    if not named(items, codes.TRACKING_IDENTIFIER):
        yield "no Tracking Identifier"


def _region(items: list[Dataset]) -> Iterator[str]:
    regions = [item for item in items if item.ValueType == "SCOORD"]
    if not regions:
        yield "OHIF: a group without SCOORD ends in an error page"
    for region in regions:
        if region.GraphicType == "POLYLINE" and len(region.GraphicData) < 12:
            yield "OHIF: a polyline of four or five points asks the reader whether to track it"


def _answer(items: list[Dataset]) -> Iterator[str]:
    presence = answers(items, codes.OSTEOPOROSIS)
    if presence not in (["52101004"], ["272519000"], ["373068000"]):
        yield f"not one answer: {presence}"
    if bool(named(items, codes.FINDING)) != (presence == ["52101004"]):
        yield "a Finding stands for a positive answer alone: it becomes a diagnosis in FHIR"
    if any(item.ValueType == "NUM" for item in items) == (presence == ["373068000"]):
        yield "a probability, if and only if the image was read"
    if not named(items, codes.COMMENT):
        yield "no comment for the reader"


def _own_codes(ds: Dataset) -> Iterator[str]:
    declared = {str(item.CodingSchemeDesignator) for item in ds.get("CodingSchemeIdentificationSequence") or []}
    used = {
        str(item.ConceptNameCodeSequence[0].CodingSchemeDesignator)
        for item in descendants(ds)
        if code_value(item) is not None
    }
    for scheme in used - declared:
        if scheme.startswith("99"):
            yield f"the private scheme {scheme} is not declared"


def _conclusion_first(ds: Dataset) -> Iterator[str]:
    sections = [item for item in children(ds) if item.ValueType == "CONTAINER"]
    if not sections or not is_named(sections[0], codes.CONCLUSIONS_SECTION):
        yield "OHIF reads the sections from the top: the conclusion is the first"


def _text_only(ds: Dataset) -> Iterator[str]:
    if code_value(ds) != "18748-4":
        yield "not a Diagnostic Imaging Report"
    if any(item.ValueType in {"SCOORD", "NUM"} for item in descendants(ds)):
        yield "Basic Text SR has no measurements"


def _equipment(ds: Dataset) -> list[Dataset]:
    return [
        item
        for item in ds.get("ContributingEquipmentSequence") or []
        if code_value(item, "PurposeOfReferenceCodeSequence") == codes.PROCESSING_EQUIPMENT.value
    ]
