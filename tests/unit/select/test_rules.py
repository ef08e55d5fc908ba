"""The shipped rules against the header habits of the scanners, and what no rule can change."""

import pytest
from pydicom import Dataset
from pydicom.uid import ComputedRadiographyImageStorage, EncapsulatedPDFStorage, SecondaryCaptureImageStorage

from osteo_pacs import shipped
from osteo_pacs.config import Condition, Rule, load
from osteo_pacs.select import decide

RULES = load(shipped.CONFIG, {}).selection.rules


def header(**attributes):
    ds = Dataset()
    ds.SOPClassUID = ComputedRadiographyImageStorage
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize(
    ("attributes", "is_selected"),
    [
        ({"ProtocolName": "AP Spine"}, True),
        ({"ProtocolName": "AP Spine", "BodyPartExamined": "", "ViewPosition": ""}, True),
        ({"ProtocolName": "Left Femur"}, False),
        ({"ProtocolName": "Right Femur"}, False),
        ({"ProtocolName": "LVA"}, False),
        ({"ProtocolName": "Total Body"}, False),
        ({"ProtocolName": "Left Ortho Knee"}, False),
        ({"SeriesDescription": "AP Lumbar Spine"}, True),
        ({"SeriesDescription": "Left Hip"}, False),
        ({"SeriesDescription": "IVA Lateral"}, False),
        ({"StudyDescription": "DXA Lumbar Spine"}, True),
        ({"StudyDescription": "DXA Lumbar Spine", "SeriesDescription": "Total Body"}, False),
        ({"BodyPartExamined": "LSPINE"}, True),
        ({"BodyPartExamined": "LSPINE", "ViewPosition": "LL"}, False),
        ({"BodyPartExamined": "HIP", "StudyDescription": "AP spine and hip"}, False),
        ({"ImageType": ["DERIVED", "SECONDARY"], "SeriesDescription": "AP Lumbar Spine"}, True),
        ({}, False),
    ],
)
def test_shipped_rules_read_ap_spines_alone(attributes, is_selected):
    decision = decide(header(**attributes), RULES)
    assert decision.is_selected is is_selected
    assert decision.reason


def test_the_reason_quotes_the_attribute_that_decided():
    assert decide(header(ProtocolName="Left Femur"), RULES).reason == "ProtocolName 'Left Femur' is not a spine"


def test_an_object_that_is_no_image_is_never_read():
    ds = header(ProtocolName="AP Spine")
    ds.SOPClassUID = EncapsulatedPDFStorage
    assert decide(ds, (Rule(name="all", read=True, reason="all"),)).reason == "the object is no image"


def processed_by(purpose):
    ds = header(Modality="BMD", SeriesDescription="AP Spine")
    ds.SOPClassUID = SecondaryCaptureImageStorage
    code, equipment = Dataset(), Dataset()
    code.CodeValue = purpose
    equipment.PurposeOfReferenceCodeSequence = [code]
    ds.ContributingEquipmentSequence = [equipment]
    return ds


def test_a_picture_that_software_made_is_never_read_although_it_bears_the_modality_of_its_source():
    assert not decide(processed_by("109102"), RULES).is_selected


def test_an_image_that_was_only_deidentified_is_read():
    assert decide(processed_by("109104"), RULES).is_selected


@pytest.mark.parametrize(
    ("condition", "is_selected"),
    [
        ({"attribute": "Rows", "at_least": 400}, True),
        ({"attribute": "Rows", "at_most": 400}, False),
        ({"attribute": "Rows", "at_least": 400, "at_most": 700}, True),
        ({"attribute": "PixelSpacing", "at_most": 0.3}, False),
        ({"attribute": "ProtocolName", "equals": "ap spine"}, True),
        ({"attribute": "ProtocolName", "is_present": False}, False),
        ({"attribute": "ViewPosition", "is_present": False}, True),
    ],
)
def test_conditions_compare_size_presence_and_text(condition, is_selected):
    rule = Rule(name="one", when=(Condition(**condition),), read=True, reason="{ProtocolName}")
    ds = header(ProtocolName="AP Spine", Rows=500, ViewPosition="")
    assert decide(ds, (rule,)).is_selected is is_selected


def test_the_first_rule_that_holds_decides():
    rules = (Rule(name="first", read=False, reason="first"), Rule(name="second", read=True, reason="second"))
    assert decide(header(), rules).rule == "first"
