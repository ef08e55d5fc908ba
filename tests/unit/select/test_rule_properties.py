"""Whatever a header holds, the rules decide it: by the first that holds, with a reason that fits its column."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from osteo_pacs import shipped
from osteo_pacs.config import Condition, Rule, load
from osteo_pacs.decode import client
from osteo_pacs.dicom.sop_classes import COMPUTED_RADIOGRAPHY
from osteo_pacs.select import decide
from osteo_pacs.select.conditions import holds, values_of

SHIPPED = load(shipped.CONFIG, {}).selection.rules
ATTRIBUTES = {
    "Modality": ("00080060", "CS"), "ProtocolName": ("00181030", "LO"), "Rows": ("00280010", "US"),
    "PatientAge": ("00101010", "AS"), "PatientName": ("00100010", "PN"), "PixelSpacing": ("00280030", "DS"),
    "SeriesNumber": ("00200011", "IS"), "ImageType": ("00080008", "CS"),
    "ReferencedImageSequence": ("00081140", "SQ"),
}  # fmt: skip
JSON_VALUES = (
    st.none() | st.text(max_size=300) | st.integers() | st.floats() | st.just({}) | st.just({"Alphabetic": "A"})
)
NUMBERS = st.integers(-1000, 1000) | st.floats(allow_nan=False)
WORDS = st.sampled_from(["CR", "cr", "AP Spine", "Left Femur", "716", "\\LVA", "", "é", "1e400", "nan"]) | st.text(
    max_size=5
)


@st.composite
def headers(draw) -> Dataset:
    """As the decoding process may answer them, whatever it was made to say."""
    attributes = {"00080016": {"vr": "UI", "Value": [COMPUTED_RADIOGRAPHY]}}
    for tag, vr in ATTRIBUTES.values():
        if draw(st.booleans()):
            values = draw(st.lists(WORDS | NUMBERS if draw(st.booleans()) else JSON_VALUES, max_size=3))
            attributes[tag] = {"vr": vr, "Value": values}
    header = client._header({"header": attributes})
    return header if isinstance(header, Dataset) else Dataset()


CONDITIONS = st.builds(
    Condition,
    attribute=st.sampled_from(sorted(ATTRIBUTES)),
    equals=WORDS,
    matches=st.none() | st.sampled_from([r"spine", r"(?i)^ap\b", r"\d+", r"^$"]),
    is_present=st.none() | st.booleans(),
    at_least=st.none() | NUMBERS,
    at_most=st.none() | NUMBERS,
)
RULES = st.lists(
    st.builds(
        Rule,
        name=st.just("any"),
        when=st.lists(CONDITIONS, min_size=1, max_size=2).map(tuple),
        read=st.booleans(),
        reason=st.sampled_from(["{ProtocolName} is none", "{Rows}/{PatientName}", "{NoSuchThing}"]),
    ),
    max_size=3,
)


@given(header=headers(), rules=RULES)
def test_the_first_rule_that_holds_decides(header, rules):
    decision = decide(header, rules)
    if "SOPClassUID" not in header:
        assert not decision.is_selected
        return
    first = next((rule for rule in rules if all(holds(condition, header) for condition in rule.when)), None)
    assert decision.is_selected == (first is not None and first.read)
    assert decision.rule == (first.name if first else "")
    assert len(decision.reason) <= 255


@given(header=headers())
def test_the_shipped_rules_decide_any_header(header):
    decision = decide(header, SHIPPED)
    assert decision.reason
    assert len(decision.reason) <= 255
    assert decision == decide(header, SHIPPED)


@given(header=headers(), keyword=st.sampled_from(sorted(ATTRIBUTES)))
def test_an_attribute_has_the_texts_of_its_values(header, keyword):
    assert all(
        isinstance(value, str) and value.strip(" \0") == value != "" for value in values_of(header, keyword)
    )
