"""The configured rules, tried in their order on one instance's header; the first that holds decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset

from osteo_pacs.config import Rule
from osteo_pacs.dicom.sop_classes import IMAGES
from osteo_pacs.select.conditions import holds, values_of

_PLACEHOLDER = re.compile(r"\{([A-Z][A-Za-z0-9]*)\}")
_REASON_LIMIT = 255
PROCESSING_EQUIPMENT = "109102"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an instance is read, by which rule, and the sentence that says why.

    ``is_made_by_software`` is True for an image that was made of other images, as our own pictures are.
    """

    is_selected: bool
    rule: str
    reason: str
    is_made_by_software: bool = False


def decide(header: Dataset, rules: Sequence[Rule]) -> Decision:
    """Judges one instance by its header.

    What no rule can change: an object that is no image, and an image that software made of other images (ours
    too, although it bears its source's modality), is never read.
    """
    if header.get("SOPClassUID") not in IMAGES:
        return Decision(is_selected=False, rule="", reason="the object is no image")
    if _was_processed(header):
        reason = "the image was made by image processing software"
        return Decision(is_selected=False, rule="", reason=reason, is_made_by_software=True)
    for rule in rules:
        if all(holds(condition, header) for condition in rule.when):
            return Decision(is_selected=rule.read, rule=rule.name, reason=_fill_in(rule.reason, header))
    return Decision(is_selected=False, rule="", reason="no selection rule names it")


def _was_processed(header: Dataset) -> bool:
    """True where the Contributing Equipment (PS3.3 C.12.1, CID 7005) names Processing Equipment."""
    purposes = (
        purpose
        for equipment in header.get("ContributingEquipmentSequence") or ()
        for purpose in equipment.get("PurposeOfReferenceCodeSequence") or ()
    )
    return any(purpose.get("CodeValue") == PROCESSING_EQUIPMENT for purpose in purposes)


def _fill_in(reason: str, header: Dataset) -> str:
    def value(match: re.Match[str]) -> str:
        return "/".join(values_of(header, match.group(1)))

    return _PLACEHOLDER.sub(value, reason)[:_REASON_LIMIT]
