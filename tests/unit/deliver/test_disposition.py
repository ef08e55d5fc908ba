import pytest
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from osteo_pacs.deliver.disposition import Delivered, DeliveredWithWarning, Refused, TryAgain, disposition
from osteo_pacs.deliver.outcome import Answered, ContextRejected, NoAnswer, NotConnected


def of_status(status):
    return disposition(Answered("1.2.3", status))


@pytest.mark.parametrize("status", [0x0000, 0x0111])
def test_success_and_duplicate_are_delivered(status):
    assert of_status(status) == Delivered("1.2.3")


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007, 0xBFFF, 0x0001, 0x0107, 0x0116])
def test_warnings_are_delivered_and_kept(status):
    assert of_status(status) == DeliveredWithWarning("1.2.3", status)


@pytest.mark.parametrize("status", [0xA700, 0xA701, 0xA7FF])
def test_out_of_resources_is_tried_again_and_spares_other_reports(status):
    assert of_status(status) == TryAgain(f"{status:#06x}: it is out of resources", is_about_destination=True)


def test_processing_failure_is_tried_again_and_says_nothing_of_other_reports():
    match of_status(0x0110):
        case TryAgain(reason, is_about_destination):
            assert reason.startswith("0x0110")
            assert not is_about_destination
        case other:
            pytest.fail(f"{other}")


@pytest.mark.parametrize(
    "status", [0xA800, 0xA900, 0xA9FF, 0xC000, 0xCFFF, 0x0122, 0x0124, 0x0117, 0x0212, 0xFE00, 0xFF00, 0x1234]
)
def test_every_other_status_is_refused_with_its_code(status):
    match of_status(status):
        case Refused(reason):
            assert f"{status:#06x}" in reason
        case other:
            pytest.fail(f"{other}")


def test_an_answer_that_did_not_come_is_tried_again():
    assert isinstance(disposition(NoAnswer("nothing came in time")), TryAgain)


def test_a_destination_that_is_away_is_tried_again():
    assert disposition(NotConnected("refused")) == TryAgain("refused", is_about_destination=True)


def test_rejected_contexts_are_refused_by_the_names_of_their_sop_classes():
    match disposition(ContextRejected((Comprehensive3DSRStorage, ComprehensiveSRStorage))):
        case Refused(reason):
            assert "Comprehensive 3D SR Storage or Comprehensive SR Storage" in reason
        case other:
            pytest.fail(f"{other}")
