from __future__ import annotations

from datetime import UTC, datetime

import pytest

from osteo_pacs.db.receipts import Outcome
from osteo_pacs.dicom.audit import Action, EventId
from osteo_pacs.receive.journal import Journal
from osteo_pacs.receive.origin import Origin

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGIN = Origin("a", "DXA", "10.0.0.5")
CR, SC = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture
def journal():
    return Journal(lambda: NOW)


def test_an_association_is_one_record_for_each_study(journal):
    for study, sop_class in [("1.1", CR), ("1.1", CR), ("1.1", SC), ("1.2", CR)]:
        journal.received(ORIGIN, study, sop_class, Outcome.NEW)
    assert journal.due() == ()
    journal.ended("a")
    journal.ended("a")
    first, second = journal.due()
    assert (first.studies, first.objects[0].counts, first.action) == (("1.1",), {CR: 2, SC: 1}, Action.CREATE)
    assert (second.studies, second.objects[0].counts) == (("1.2",), {CR: 1})


def test_what_was_here_already_is_read_not_created(journal):
    journal.received(ORIGIN, "1.1", CR, Outcome.SAME_BYTES)
    journal.received(ORIGIN, "1.1", CR, Outcome.NEW)
    journal.ended("a")
    assert [record.action for record in journal.due()] == [Action.READ, Action.CREATE]


def test_what_was_removed_and_came_again_is_created_once_more(journal):
    journal.received(ORIGIN, "1.1", CR, Outcome.RETURNED)
    journal.received(ORIGIN, "1.1", CR, Outcome.NEW)
    journal.ended("a")
    [record] = journal.due()
    assert (record.action, record.objects[0].counts) == (Action.CREATE, {CR: 2})


@pytest.mark.parametrize(
    ("outcome", "words"), [(Outcome.OTHER_STUDY, "of another study"), (Outcome.OTHER_BYTES, "other bytes")]
)
def test_a_uid_that_is_taken_is_an_alert_however_often_it_comes(journal, outcome, words):
    for _ in range(50):
        journal.received(ORIGIN, "1.1", CR, outcome)
    journal.ended("a")
    [alert] = journal.due()
    assert (alert.event_id, alert.studies) == (EventId.SECURITY_ALERT, ("1.1",))
    assert words in alert.description
    assert "50 instances" in alert.description


def test_associations_are_told_apart(journal):
    journal.received(ORIGIN, "1.1", CR, Outcome.NEW)
    journal.received(Origin("b", "OTHER", "10.0.0.6"), "1.1", CR, Outcome.NEW)
    journal.ended("b")
    assert [record.actor for record in journal.due()] == ["OTHER"]


def test_what_was_written_is_forgotten_and_the_rest_stays(journal):
    journal.refusals.note("10.0.0.9", "X", "address")
    first = journal.due()
    journal.received(ORIGIN, "1.1", CR, Outcome.NEW)
    journal.ended("a")
    journal.written(first)
    assert [record.studies for record in journal.due()] == [("1.1",)]


def test_at_the_end_what_is_open_is_told(journal):
    journal.received(ORIGIN, "1.1", CR, Outcome.NEW)
    assert [record.studies for record in journal.due(is_last=True)] == [("1.1",)]
