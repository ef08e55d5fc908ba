"""What becomes of the picture in the worker: drawn where it is wanted, and never at the report's cost."""

import io
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from structlog.testing import capture_logs

from osteo_pacs.config import Destination
from osteo_pacs.db.instances import InstanceRow
from osteo_pacs.findings import InstanceRef, Region
from osteo_pacs.images import GreyImage, HeatMap
from osteo_pacs.infer.outcome import Prediction
from osteo_pacs.infer.predict import DevicePoisoned
from osteo_pacs.report import DocumentKind
from osteo_pacs.worker.batch import BatchReader, Opened
from osteo_pacs.worker.study import Image, OpenedStudy
from sr_gate import sources
from sr_gate.results import MODEL

PLAIN = {DocumentKind.COMPREHENSIVE_3D_SR, DocumentKind.COMPREHENSIVE_SR, DocumentKind.TEXT_SR}
ILLUSTRATED = {
    DocumentKind.COMPREHENSIVE_3D_SR_WITH_PICTURE,
    DocumentKind.COMPREHENSIVE_SR_WITH_PICTURE,
    DocumentKind.PICTURE,
    DocumentKind.TEXT_SR,
}
REGION = Region(10, 0, 110, 200)


class Explainer:
    """Gives an even heat for every image, or raises; remembers what it was asked."""

    def __init__(self, fault=None, shape=(200, 100)):
        self.fault = fault
        self.shape = shape
        self.asked = []

    def explain(self, images, are_positive):
        self.asked.append((list(images), list(are_positive)))
        if self.fault:
            raise self.fault
        return [HeatMap(np.ones(self.shape, np.float32), np.ones(self.shape, np.float32)) for _ in images]


def destination(name="pacs", **keys):
    return Destination(name=name, host="127.0.0.1", port=104, ae_title="PACS", **keys)


def reader(explainer, *destinations):
    return BatchReader(
        database=None,
        opener=None,
        model=SimpleNamespace(version=MODEL),
        explainer=explainer,
        model_version_id=1,
        destinations=destinations or [destination()],
        station_name="node-01",
        prediction_timeout_s=60,
        clock=lambda: datetime(2026, 3, 1, tzinfo=UTC),
    )


def image(number, header):
    row = InstanceRow(number, header.SOPClassUID, header.SOPInstanceUID, header.SeriesInstanceUID, "x.dcm")
    instance = InstanceRef(row.sop_class_uid, row.sop_instance_uid, row.series_instance_uid, sources.STUDY)
    grey = GreyImage(np.full((200, 120), number / 10, dtype=np.float32))
    return Image(row, header, "a spine", instance, f"{number:064}", grey, age_is_unknown=False)


IMAGES = (image(1, sources.plain()), image(2, sources.second(sources.plain())))


def answer(probability):
    return Prediction(200, 120, REGION, probability, is_positive=probability >= MODEL.threshold)


def report(batch_reader, *probabilities):
    images = IMAGES[: len(probabilities)]
    opened = Opened(OpenedStudy(sources.STUDY, images), None, is_known=False, seconds=0.0)
    answers = {one.row.id: answer(each) for one, each in zip(images, probabilities, strict=True)}
    return batch_reader._report(opened, answers)


def kinds(reported):
    return {document.kind for document in reported.documents}


def test_a_picture_is_drawn_where_a_destination_wants_one():
    explainer = Explainer()
    reported = report(reader(explainer), 0.9)
    assert kinds(reported) == ILLUSTRATED
    [([asked], [is_positive])] = explainer.asked
    assert asked is IMAGES[0].grey
    assert is_positive


def test_nothing_is_explained_where_no_destination_wants_a_picture():
    explainer = Explainer()
    assert kinds(report(reader(explainer, destination(picture=False)), 0.9)) == PLAIN
    assert explainer.asked == []


def test_a_worker_without_an_explainer_reports_without_pictures():
    assert kinds(report(reader(None), 0.9)) == PLAIN


def test_each_destination_gets_what_it_asked_for_of_one_report():
    reported = report(reader(Explainer(), destination("one"), destination("two", picture=False)), 0.9)
    assert kinds(reported) == PLAIN | ILLUSTRATED
    one, two = reported.orders
    assert one.kinds == ILLUSTRATED
    assert two.kinds == PLAIN


def test_of_several_images_the_one_that_the_outcome_rests_on_is_explained():
    explainer = Explainer()
    reported = report(reader(explainer), 0.2, 0.3)
    [([asked], [is_positive])] = explainer.asked
    assert asked is IMAGES[1].grey
    assert not is_positive
    [picture] = [document for document in reported.documents if document.kind is DocumentKind.PICTURE]
    ds = pydicom.dcmread(io.BytesIO(picture.content))
    assert ds.SourceImageSequence[0].ReferencedSOPInstanceUID == sources.SECOND_IMAGE


@pytest.mark.parametrize(
    "explainer",
    [Explainer(ValueError("broken")), Explainer(shape=(200, 100, 7))],
    ids=["not explained", "not drawn"],
)
def test_a_picture_that_fails_does_not_cost_the_report(explainer):
    with capture_logs() as events:
        reported = report(reader(explainer), 0.9)
    assert kinds(reported) == PLAIN
    assert [order.kinds for order in reported.orders] == [PLAIN]
    assert [event["event"] for event in events] == ["picture_failed"]


def test_a_device_that_dies_at_the_picture_is_told_and_the_report_goes_out():
    batch_reader = reader(Explainer(DevicePoisoned("gone")))
    assert kinds(report(batch_reader, 0.9)) == PLAIN
    assert batch_reader.is_device_poisoned
