import re
from pathlib import Path

import pytest

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import RefusalReason, StudyResult
from osteo_pacs.report.content import measurement_report
from osteo_pacs.report.device import Device
from osteo_pacs.report.text_twin import text_report
from sr_gate import sources
from sr_gate.results import MODEL, finding, refusal

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "structured-report.md").read_text()
KNOWN = {concept.value: concept for concept in vars(codes).values() if isinstance(concept, CodedConcept)}


def _used():
    ds, second = sources.plain(), sources.second(sources.plain())
    device = Device.of(MODEL, "node-01")
    answers = [finding(ds, 0.9), finding(ds, 0.1), *(refusal(second, reason) for reason in RefusalReason)]
    for answer in answers:
        result = StudyResult(sources.STUDY, MODEL, (answer, refusal(ds)))
        yield from _concepts([*measurement_report(result, device), *text_report(result, device)])


def _concepts(items):
    for item in items:
        yield item.name
        if isinstance(item.value, CodedConcept):
            yield item.value
        yield from _concepts(item.children)


@pytest.mark.parametrize("concept", sorted(set(_used()), key=str), ids=lambda concept: concept.value)
def test_reference_names_every_code_that_a_report_uses(concept):
    assert re.search(rf"(?<![\w-]){re.escape(concept.value)}(?![\w-])", TEXT)


@pytest.mark.parametrize(
    "triple", re.findall(r"\(([\w-]+), (\w+), ([^()]+)\)", TEXT), ids=lambda triple: triple[0]
)
def test_reference_names_codes_as_the_reports_do(triple):
    value, scheme, meaning = triple
    assert (KNOWN[value].scheme, KNOWN[value].meaning) == (scheme, meaning)


@pytest.mark.parametrize("reason", RefusalReason)
def test_reference_has_every_reason_for_refusal(reason):
    assert f"`{reason.value}`" in TEXT
