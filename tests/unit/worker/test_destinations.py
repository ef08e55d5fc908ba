"""Which destination gets what of a result."""

import itertools

import pytest

from osteo_pacs.config import Destination
from osteo_pacs.dicom.codes import OSTEOPOROSIS
from osteo_pacs.findings import Finding, InstanceRef, ModelVersion, Refusal, RefusalReason, Region, StudyResult
from osteo_pacs.report import DocumentKind
from osteo_pacs.worker.destinations import orders_for, wants_picture

MODEL = ModelVersion("name", "maker", "1", "00", "2.25.1", 0.5, "none", OSTEOPOROSIS, "meaning")
INSTANCE = InstanceRef("1.2", "1.2.3", "1.2.4", "1.2.5")
READ = Finding(INSTANCE, 10, 10, Region(0, 0, 10, 10), 0.1, is_positive=False)


def destination(**keys):
    return Destination(name="pacs", host="127.0.0.1", port=104, ae_title="PACS", **keys)


def result(*readings):
    return StudyResult("1.2.5", MODEL, readings)


def refused(reason):
    return Refusal(INSTANCE, 10, 10, reason, "A sentence.")


@pytest.mark.parametrize(
    ("sr_sop_class", "kinds"),
    [
        ("auto", (DocumentKind.COMPREHENSIVE_3D_SR, DocumentKind.COMPREHENSIVE_SR)),
        ("88.34", (DocumentKind.COMPREHENSIVE_3D_SR,)),
        ("88.33", (DocumentKind.COMPREHENSIVE_SR,)),
        ("88.22", (DocumentKind.ENHANCED_SR,)),
    ],
)
def test_a_destination_gets_the_sr_class_that_it_names(sr_sop_class, kinds):
    (order,) = orders_for(result(READ), [destination(sr_sop_class=sr_sop_class)])
    assert order.sr_kinds == kinds
    assert order.companions == (DocumentKind.TEXT_SR,)


def test_the_text_twin_is_left_out_where_it_is_not_wanted():
    (order,) = orders_for(result(READ), [destination(text_twin=False)])
    assert order.companions == ()


def test_the_picture_goes_with_reports_that_refer_to_it():
    (order,) = orders_for(result(READ), [destination()], has_picture=True)
    assert order.sr_kinds == (
        DocumentKind.COMPREHENSIVE_3D_SR_WITH_PICTURE,
        DocumentKind.COMPREHENSIVE_SR_WITH_PICTURE,
    )
    assert order.companions == (DocumentKind.PICTURE, DocumentKind.TEXT_SR)


@pytest.mark.parametrize("has_picture", [False, True])
@pytest.mark.parametrize("sr_sop_class", ["auto", "88.34", "88.33", "88.22"])
def test_no_destination_gets_a_reference_to_a_picture_that_it_does_not_get(sr_sop_class, has_picture):
    destinations = [
        destination(sr_sop_class=sr_sop_class, picture=picture, text_twin=text_twin)
        for picture, text_twin in itertools.product([False, True], repeat=2)
    ]
    orders = orders_for(result(READ), destinations, has_picture=has_picture)
    gets_picture = [DocumentKind.PICTURE in order.companions for order in orders]
    assert gets_picture == [has_picture and each.picture for each in destinations]
    for order, has_it in zip(orders, gets_picture, strict=True):
        assert {kind.refers_to_picture for kind in order.sr_kinds} == {has_it}


@pytest.mark.parametrize(
    ("readings", "keys", "is_wanted"),
    [
        ([READ], {}, True),
        ([READ], {"picture": False}, False),
        ([refused(RefusalReason.NO_CONTRAST)], {"report_on_refusal": "always"}, False),
        ([refused(RefusalReason.NO_CONTRAST), READ], {}, True),
    ],
)
def test_a_picture_is_wanted_of_what_was_read_by_who_wants_one(readings, keys, is_wanted):
    assert wants_picture(result(*readings), [destination(**keys)]) is is_wanted


def test_nobody_wants_a_picture_where_nobody_is():
    assert not wants_picture(result(READ), [])


@pytest.mark.parametrize(
    ("policy", "reason", "is_sent"),
    [
        ("always", RefusalReason.NO_CONTRAST, True),
        ("always", RefusalReason.UNDER_AGE, True),
        ("always", RefusalReason.NOT_SELECTED, True),
        ("quality_only", RefusalReason.NO_CONTRAST, True),
        ("quality_only", RefusalReason.UNREADABLE_PIXELS, True),
        ("quality_only", RefusalReason.UNDER_AGE, False),
        ("quality_only", RefusalReason.NOT_SELECTED, False),
        ("never", RefusalReason.NO_CONTRAST, False),
    ],
)
def test_a_refusal_is_sent_by_the_destinations_policy(policy, reason, is_sent):
    orders = orders_for(result(refused(reason)), [destination(report_on_refusal=policy)])
    assert bool(orders) is is_sent


def test_a_study_with_one_image_read_is_sent_whatever_was_refused_beside_it():
    readings = (refused(RefusalReason.NO_CONTRAST), READ)
    assert orders_for(result(*readings), [destination(report_on_refusal="never")])
