"""The words of the picture: what its panels show, and the lines below them."""

from __future__ import annotations

from collections.abc import Iterator

from PIL.Image import Image

from osteo_pacs.findings import Finding, ModelVersion, StudyResult
from osteo_pacs.report.picture_page import AMBER, GREY, WHITE, Line, Panel
from osteo_pacs.report.sentences import AGE_UNKNOWN, DEMONSTRATION, UNVERIFIED, ascii_text, verdict

MEANING = (
    "Colour and line: regions that drove this score (Grad-CAM). Not a diagnosis, not the outline of a lesion."
)


def panels(finding: Finding, result: StudyResult, shown: tuple[Image, Image]) -> tuple[Panel, Panel]:
    """The source, and what spoke for the result."""
    source, overlay = shown
    number = result.readings.index(finding) + 1
    which = f" {number} of {len(result.readings)}" if len(result.readings) > 1 else ""
    name = ascii_text(result.model.positive_class.meaning).lower()
    spoke = f"What spoke {'for' if finding.is_positive else 'against'} {name}"
    return Panel(source, f"Source image{which}"), Panel(overlay, spoke, has_scale=True)


def lines(finding: Finding, model: ModelVersion) -> Iterator[Line]:
    """Result, state, what the colours mean, and who says so."""
    found, probability = verdict(finding, model)
    yield Line(f"AI: {found}", 26, WHITE)
    yield Line(probability[0].upper() + probability[1:], 20, WHITE)
    yield Line(UNVERIFIED, 19, AMBER, gap=8)
    if model.is_demonstration:
        yield Line(DEMONSTRATION, 19, AMBER)
    if finding.age_is_unknown:
        yield Line(AGE_UNKNOWN, 19, AMBER)
    yield Line(MEANING, 17, GREY, gap=8)
    yield Line(f"{ascii_text(model.name)} {ascii_text(model.version)}, {ascii_text(model.manufacturer)}", 17, GREY)
