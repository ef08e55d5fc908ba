"""Whatever a header holds, the report is written and can be read."""

import io

import pydicom
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from osteo_pacs.report.character_set import is_known
from osteo_pacs.report.source import REQUIRED
from sr_gate import sources
from sr_gate.results import SR, documents, finding

KEYWORDS = (*REQUIRED, "PatientAge", "PatientSize", "Manufacturer", "NumberOfFrames", "TimezoneOffsetFromUTC")
CHARACTER_SETS = ("", "ISO_IR 100", "ISO_IR 13", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 87", "ISO 2022 IR 149")
VALUES = st.one_of(st.binary(max_size=70), st.text(max_size=30).map(str.encode), st.none())


@settings(max_examples=60, deadline=None)
@given(values=st.dictionaries(st.sampled_from(KEYWORDS), VALUES), character_set=st.sampled_from(CHARACTER_SETS))
def test_report_is_written_from_any_header(values, character_set):
    source = sources.read_back(sources.plain())
    source.SpecificCharacterSet = character_set
    for keyword, value in values.items():
        source[Tag(keyword)] = _raw(keyword, value)
    document = documents([source], finding(sources.plain(), 0.87), kinds=[SR])[SR]
    ds = pydicom.dcmread(io.BytesIO(document.content))
    assert ds.SeriesDescription == "AI POSITIVE osteoporosis DXA (unverified)"
    assert set(REQUIRED) <= set(ds.dir())
    assert len(ds.ContentSequence) == 10
    assert is_known(_declared(ds))


def _raw(keyword: str, value: bytes | None) -> RawDataElement:
    tag = tag_for_keyword(keyword)
    length = len(value or b"")
    return RawDataElement(Tag(tag), dictionary_VR(tag), length, value, 0, False, True)


def _declared(ds: Dataset) -> tuple[str, ...]:
    declared = ds.get("SpecificCharacterSet") or ()
    return (declared,) if isinstance(declared, str) else tuple(declared)
