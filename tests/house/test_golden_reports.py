"""What a report looks like, element by element: a change here is a change for every reader.

After a change that is meant, run this module with OSTEO_PACS_WRITE_GOLDEN=1 and read the difference.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from osteo_pacs.report import DocumentKind
from sr_gate.cases import CASES
from sr_gate.results import SR

GOLDEN = Path(__file__).with_name("golden")
REPORTS = {
    "positive": ("positive", SR),
    "positive-text": ("positive", DocumentKind.TEXT_SR),
    "negative": ("negative", SR),
    "refused": ("refused", SR),
    "mixed": ("mixed", DocumentKind.COMPREHENSIVE_SR),
    "mixed-text": ("mixed", DocumentKind.TEXT_SR),
    "ge": ("GE", SR),
    "second-revision": ("with predecessor", SR),
}


@pytest.mark.parametrize("name", REPORTS)
def test_report_reads_as_it_did(name):
    case, kind = REPORTS[name]
    text = "\n".join(_lines(pydicom.dcmread(io.BytesIO(CASES[case]()[kind].content)))) + "\n"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("OSTEO_PACS_WRITE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()


def _lines(ds: Dataset, indent: str = "") -> Iterator[str]:
    for element in ds:
        if element.VR != "SQ":
            yield f"{indent}{element.keyword}: {_text(element.value)}"
            continue
        if _is_code(element.value):
            [code] = element.value
            concept = (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning)
            yield f"{indent}{element.keyword}: ({', '.join(concept)})"
            continue
        yield f"{indent}{element.keyword}:" + ("" if element.value else " no item")
        for item in element.value:
            first, *others = _lines(item)
            yield f"{indent}  - {first}"
            yield from (f"{indent}    {line}" for line in others)


def _is_code(items: list[Dataset]) -> bool:
    return len(items) == 1 and {element.keyword for element in items[0]} == {
        "CodeValue",
        "CodingSchemeDesignator",
        "CodeMeaning",
    }


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.replace("\r\n", " // ")
    return "/".join(map(str, value)) if isinstance(value, list | pydicom.multival.MultiValue) else str(value)
