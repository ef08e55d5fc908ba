from pydicom.uid import SecondaryCaptureImageStorage

from osteo_pacs.courier.send import Sent, send_report
from osteo_pacs.db.deliveries import Outgoing, OutgoingDocument
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.disposition import Refused, TryAgain
from osteo_pacs.deliver.outcome import Answered, ContextRejected, NotConnected
from outgoing import SOP_CLASSES, document

EVERYTHING = tuple(SOP_CLASSES.values())


class Destination:
    """Takes what is in ``takes`` and answers with the status for its SOP Class, else with success."""

    def __init__(self, *, takes=EVERYTHING, statuses=None, is_down=False):
        self.takes = takes
        self.statuses = statuses or {}
        self.is_down = is_down
        self.sent = []

    def store(self, alternatives, deadline):
        assert deadline.remaining_s() > 0
        if self.is_down:
            return NotConnected("down")
        taken = next((instance for instance in alternatives if instance.sop_class_uid in self.takes), None)
        if taken is None:
            return ContextRejected(tuple(instance.sop_class_uid for instance in alternatives))
        self.sent.append(taken)
        return Answered(taken.sop_instance_uid, self.statuses.get(taken.sop_class_uid, 0))


def outgoing(*, srs=("comprehensive_3d_sr", "comprehensive_sr"), others=("text_sr", "picture")):
    return Outgoing(1, 1, "pacs", tuple(map(_document, srs)), tuple(map(_document, others)))


def _document(kind):
    made = document(kind)
    return OutgoingDocument(made.kind, made.sop_class_uid, made.sop_instance_uid, made.content)


def send(report, destination):
    return send_report(report, destination, Deadline.after(10))


def test_the_picture_goes_before_the_sr_and_the_text_after_it():
    destination = Destination()
    send(outgoing(), destination)
    kinds = ("picture", "comprehensive_3d_sr", "text_sr")
    assert [instance.sop_class_uid for instance in destination.sent] == [SOP_CLASSES[kind] for kind in kinds]


def test_the_sr_that_was_taken_is_named():
    report = outgoing()
    assert send(report, Destination()) == Sent(report.srs[0].sop_instance_uid, 0)
    takes_no_3d = [SOP_CLASSES[kind] for kind in ("comprehensive_sr", "text_sr", "picture")]
    assert send(report, Destination(takes=takes_no_3d)) == Sent(report.srs[1].sop_instance_uid, 0)


def test_a_warning_is_kept():
    statuses = {SOP_CLASSES["text_sr"]: 0xB000}
    assert send(outgoing(), Destination(statuses=statuses)).status == 0xB000


def test_a_refused_picture_does_not_keep_the_report_back():
    destination = Destination(statuses={SecondaryCaptureImageStorage: 0xA900})
    outcome = send(outgoing(), destination)
    assert isinstance(outcome, Refused)
    assert "0xa900" in outcome.reason
    assert len(destination.sent) == 3


def test_the_first_refusal_is_the_one_that_is_told():
    destination = Destination(takes=())
    outcome = send(outgoing(), destination)
    assert isinstance(outcome, Refused)
    assert "Secondary Capture" in outcome.reason


def test_a_destination_that_is_down_is_not_asked_for_more():
    destination = Destination(is_down=True)
    assert send(outgoing(), destination) == TryAgain("down", is_about_destination=True)


def test_a_destination_out_of_resources_is_not_asked_for_more():
    destination = Destination(statuses={SOP_CLASSES["comprehensive_3d_sr"]: 0xA700})
    assert isinstance(send(outgoing(), destination), TryAgain)
    assert len(destination.sent) == 2


def test_what_is_no_part_10_file_is_refused():
    broken = OutgoingDocument("text_sr", SOP_CLASSES["text_sr"], "1.2", b"garbage")
    report = Outgoing(1, 1, "pacs", outgoing().srs, (broken,))
    assert isinstance(send(report, Destination()), Refused)
