from __future__ import annotations

from datetime import UTC, datetime

from osteo_pacs.dicom.audit import EventId, EventOutcome, EventType
from osteo_pacs.receive.refusals import MOST, WINDOW, Refusals


class Clock:
    def __init__(self):
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self):
        return self.now


def descriptions(refusals, **how):
    return [record.description for record in refusals.due(**how)]


def test_a_refusal_is_told_at_once_with_peer_and_reason():
    refusals = Refusals(Clock())
    refusals.note("10.0.0.5", "STRANGER", "calling_ae_title")
    [record] = refusals.due()
    assert (record.event_id, record.event_type) == (EventId.SECURITY_ALERT, EventType.NODE_AUTHENTICATION)
    assert record.outcome is EventOutcome.MINOR_FAILURE
    assert (record.actor, record.objects[0].object_id) == ("STRANGER", "10.0.0.5")
    assert record.description == "association refused: calling_ae_title"


def test_a_peer_without_a_name_is_told_by_its_address():
    refusals = Refusals(Clock())
    refusals.note("10.0.0.5", "", "address")
    assert refusals.due()[0].actor == "10.0.0.5"


def test_those_that_follow_are_counted_until_the_window_is_over():
    clock = Clock()
    refusals = Refusals(clock)
    for _ in range(2):
        for _ in range(500):
            refusals.note("10.0.0.5", "X", "address")
        assert len(descriptions(refusals)) <= 1
    clock.now += WINDOW
    assert descriptions(refusals) == ["association refused: address, 500 times"]
    assert descriptions(refusals) == []
    refusals.note("10.0.0.5", "X", "address")
    assert descriptions(refusals) == ["association refused: address"]


def test_a_flood_from_everywhere_is_a_few_records():
    clock = Clock()
    refusals = Refusals(clock)
    told = []
    for number in range(5000):
        refusals.note(f"10.0.{number // 256}.{number % 256}", f"AE{number}", "address")
        if number % 100 == 0:
            told += descriptions(refusals)
    clock.now += WINDOW
    told += descriptions(refusals)
    assert len(told) <= 2 * (MOST + 1)
    assert sum(int(text.partition(", ")[2].split()[0]) if ", " in text else 1 for text in told) == 5000


def test_at_the_end_everything_is_told():
    refusals = Refusals(Clock())
    for _ in range(3):
        refusals.note("10.0.0.5", "X", "address")
        refusals.due()
    assert descriptions(refusals, is_last=True) == ["association refused: address, 2 times"]
    assert descriptions(refusals, is_last=True) == []
