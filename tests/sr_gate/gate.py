"""All validators over many files, with PixelMed's virtual machine beside the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pydicom

from osteo_pacs.dicom.sop_classes import BASIC_TEXT_SR, SECONDARY_CAPTURE
from sr_gate import pixelmed
from sr_gate.highdicom_reader import srread
from sr_gate.picture_rules import picture_rules
from sr_gate.programs import dciodvfy, dcm2xml, dsr2html, dsrdump
from sr_gate.rules import measurement_rules, text_rules
from sr_gate.tree import structure

Validator = Callable[[Path], list[str]]

_ANY: dict[str, Validator] = {"dciodvfy": dciodvfy, "dsrdump": dsrdump, "dsr2html": dsr2html, "dcm2xml": dcm2xml}
MEASUREMENT_VALIDATORS: dict[str, Validator] = {**_ANY, "rules": measurement_rules, "srread": srread}
TEXT_VALIDATORS: dict[str, Validator] = {**_ANY, "rules": text_rules}
PICTURE_VALIDATORS: dict[str, Validator] = {"dciodvfy": dciodvfy, "dcm2xml": dcm2xml, "rules": picture_rules}
VALIDATORS = {BASIC_TEXT_SR: TEXT_VALIDATORS, SECONDARY_CAPTURE: PICTURE_VALIDATORS}
"""By SOP Class; every other one is a measurement report's."""

Findings = dict[str, list[str]]
"""Complaints by validator; only those that have one."""


def judge(paths: Mapping[str, Path], *, without_templates: Collection[str] = ()) -> dict[str, Findings]:
    """What the validators say of each file, by its name.

    PixelMed takes seconds for a file and looks at nothing but the structure of the tree: it sees each structure of
    each SOP Class once, and those ``without_templates`` not at all.
    """
    by_name = {name: _structure(path) for name, path in paths.items() if name not in without_templates}
    examples = {found: paths[name] for name, found in by_name.items() if found is not None}
    validation = pixelmed.start_pixelmed(examples.values())
    try:
        findings = {name: _findings(path) for name, path in paths.items()}
        answers = pixelmed.complaints(validation)
    finally:
        validation.kill()
    for name, found in by_name.items():
        if found is not None and answers[examples[found]]:
            findings[name]["pixelmed"] = answers[examples[found]]
    return findings


def _findings(path: Path) -> Findings:
    sop_class_uid = pydicom.dcmread(path, specific_tags=["SOPClassUID"]).SOPClassUID
    validators = VALIDATORS.get(sop_class_uid, MEASUREMENT_VALIDATORS)
    complaints = {name: validate(path) for name, validate in validators.items()}
    return {name: said for name, said in complaints.items() if said}


def _structure(path: Path) -> tuple[object, ...] | None:
    """The SOP Class and the structure of a measurement report; None for text and picture."""
    ds = pydicom.dcmread(path)
    return None if ds.SOPClassUID in VALIDATORS else (ds.SOPClassUID, structure(ds))
