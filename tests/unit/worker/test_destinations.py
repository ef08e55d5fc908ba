"""Which destination gets what of a result."""

import pytest

from osteo_pacs.config import Destination
from osteo_pacs.dicom.codes import OSTEOPOROSIS
from osteo_pacs.findings import Finding, InstanceRef, ModelVersion, Refusal, RefusalReason, Region, StudyResult
from osteo_pacs.report import DocumentKind
from osteo_pacs.worker.destinations import orders_for

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
