from dataclasses import replace

import pytest

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import RefusalReason, StudyResult
from osteo_pacs.report.content import measurement_report
from osteo_pacs.report.content_item import FirstFrame, Polyline, Section
from osteo_pacs.report.device import Device
from osteo_pacs.report.text_twin import text_report
from sr_gate import sources
from sr_gate.results import MODEL, finding, instance, refusal

DS, SECOND = sources.plain(), sources.second(sources.plain())
DEVICE = Device.of(MODEL, "node-01")


def report(*readings, multi_frame=()):
    return measurement_report(StudyResult(sources.STUDY, MODEL, readings), DEVICE, multi_frame)


def items_of(items):
    for item in items:
        yield item
        yield from items_of(item.children)


def values(items, name):
    return [item.value for item in items_of(items) if item.name == name]


def groups(items):
    return [item for item in items_of(items) if item.name == codes.MEASUREMENT_GROUP]


def test_positive_has_finding_probability_and_presence():
    items = report(finding(DS, 0.87))
    assert values(items, codes.FINDING) == [codes.OSTEOPOROSIS]
    [probability] = values(items, codes.PROBABILITY_OF_OSTEOPOROSIS)
    assert (probability.value, probability.unit) == ("87.0", codes.PERCENT)
    assert values(items, codes.OSTEOPOROSIS) == [codes.PRESENT]
    assert values(items, codes.CAD_SUMMARY) == [codes.SUCCEEDED_WITH_FINDINGS]


def test_negative_has_no_finding():
    items = report(finding(DS, 0.08))
    assert values(items, codes.FINDING) == []
    assert values(items, codes.OSTEOPOROSIS) == [codes.ABSENT]
    assert values(items, codes.CAD_SUMMARY) == [codes.SUCCEEDED_WITHOUT_FINDINGS]


def test_refusal_has_no_probability_and_a_quality_finding():
    items = report(refusal(DS, RefusalReason.POOR_COVERAGE))
    assert values(items, codes.PROBABILITY_OF_OSTEOPOROSIS) == []
    assert values(items, codes.OSTEOPOROSIS) == [codes.UNDETERMINED]
    assert values(items, codes.CAD_SUMMARY) == [codes.NONE_SUCCEEDED]
    assert values(items, codes.IMAGE_QUALITY) == [codes.NON_DIAGNOSTIC_QUALITY]
    assert values(items, codes.QUALITY_FINDING) == [codes.COVERAGE_INCOMPLETE]


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_refusal_has_a_quality_finding(reason):
    [quality_finding] = values(report(refusal(DS, reason)), codes.QUALITY_FINDING)
    assert quality_finding in {
        codes.INSUFFICIENT_QUALITY,
        codes.OBJECT_TYPE_NOT_SUPPORTED,
        codes.COVERAGE_INCOMPLETE,
    }


def test_picture_of_a_child_is_not_called_bad():
    assert values(report(refusal(DS, RefusalReason.UNDER_AGE)), codes.IMAGE_QUALITY) == []


def test_region_is_the_analysed_crop_in_six_points_the_extra_one_not_second():
    [outline] = values(report(finding(DS, 0.87)), codes.IMAGE_REGION)
    assert outline == Polyline(((95, 40), (225, 40), (225, 190), (225, 340), (95, 340), (95, 40)))


def test_region_of_a_refusal_is_the_whole_image():
    [outline] = values(report(refusal(DS)), codes.IMAGE_REGION)
    assert {outline.points[0], outline.points[3]} == {(0, 0), (320, 480)}


def test_refusal_of_an_image_of_unknown_size_still_has_a_region():
    items = report(replace(refusal(DS, RefusalReason.NO_PIXELS), rows=0, columns=0))
    [outline] = values(items, codes.IMAGE_REGION)
    assert outline.points[3] == (1, 1)
    assert values(items, codes.PIXEL_DATA_ROWS) == []


def test_region_is_drawn_on_the_first_frame_of_a_multi_frame_image():
    items = report(finding(DS, 0.87), multi_frame={sources.IMAGE})
    assert values(items, codes.SOURCE) == [instance(DS), FirstFrame(instance(DS))]


def test_each_image_has_its_library_entry_and_its_group():
    items = report(finding(DS, 0.87), refusal(SECOND))
    assert len(groups(items)) == 2
    assert values(items, codes.PIXEL_DATA_ROWS) == values(report(finding(DS, 0.87)), codes.PIXEL_DATA_ROWS) * 2
    identifiers = values(items, codes.TRACKING_IDENTIFIER)
    assert identifiers == [
        "AI osteoporosis, lumbar spine DXA, image 1",
        "AI osteoporosis, lumbar spine DXA, image 2",
    ]


def test_conclusion_on_the_study_stands_before_the_images():
    items = report(refusal(DS), finding(SECOND, 0.87))
    sections = [item for item in items if item.value is Section.SEPARATE]
    assert [section.name for section in sections] == [
        codes.QUALITATIVE_EVALUATIONS,
        codes.IMAGE_LIBRARY,
        codes.IMAGING_MEASUREMENTS,
    ]
    assert sections[0].children[0].value is codes.PRESENT


def test_one_image_needs_no_conclusion_of_its_own():
    assert values(report(finding(DS, 0.87)), codes.CONCLUSION) == []


def test_tracking_uid_follows_the_image_not_the_answer():
    uids = [
        values(report(reading), codes.TRACKING_UNIQUE_IDENTIFIER) for reading in (finding(DS, 0.87), refusal(DS))
    ]
    other = values(report(finding(SECOND, 0.87)), codes.TRACKING_UNIQUE_IDENTIFIER)
    assert uids[0] == uids[1] != other


def test_class_comes_from_the_model():
    osteopenia = CodedConcept("312894000", "SCT", "Osteopenia")
    result = StudyResult(sources.STUDY, replace(MODEL, positive_class=osteopenia), (finding(DS, 0.87),))
    items = measurement_report(result, DEVICE)
    assert values(items, osteopenia) == [codes.PRESENT]
    assert values(items, codes.FINDING) == [osteopenia]
    assert values(items, codes.TRACKING_IDENTIFIER) == ["AI osteopenia, lumbar spine DXA"]
    assert values(items, codes.OSTEOPOROSIS) == []


def test_text_leads_with_the_conclusion_and_names_the_images():
    items = text_report(StudyResult(sources.STUDY, MODEL, (finding(DS, 0.87), refusal(SECOND))), DEVICE)
    sections = [item.name for item in items if item.value is Section.SEPARATE]
    assert sections == [codes.CONCLUSIONS_SECTION, codes.FINDINGS_SECTION]
    assert [text.split("\r\n") for text in values(items, codes.FINDING)] == [
        [
            "Osteoporosis: PRESENT",
            "Probability of osteoporosis: 87.0 % (decision threshold 42 %)",
            "Image quality: Diagnostic quality",
            f"Image 1 of 2: {sources.IMAGE}",
        ],
        [
            "Osteoporosis: NOT EVALUATED",
            "Reason: The lumbar vertebrae L1 to L4 were not recognised.",
            f"Image 2 of 2: {sources.SECOND_IMAGE}",
        ],
    ]


def test_text_says_what_the_class_means_and_the_limits():
    items = text_report(StudyResult(sources.STUDY, MODEL, (finding(DS, 0.08),)), DEVICE)
    [about] = values(items, codes.COMMENT)
    assert f"Meaning: {MODEL.label_definition}" in about
    assert f"Limit: {MODEL.limitations[0]}" in about
