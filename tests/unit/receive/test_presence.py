from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import select

from databases import url_at_head
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.receipts import Outcome, Sender
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.db.tables import OpenAssociation, Study
from osteo_pacs.dicom.audit import EventOutcome
from osteo_pacs.receive import presence as presence_module
from osteo_pacs.receive.journal import Journal
from osteo_pacs.receive.origin import Origin
from osteo_pacs.receive.presence import DEAD_AFTER, LEASE, LOOK_FOR_DEAD_EVERY, RENEW_EVERY, Presence

CR = "1.2.840.10008.5.1.4.1.1.1"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def database(tmp_path):
    database = Database(url_at_head("sqlite", tmp_path))
    with database.write() as session:
        times = {"received_at": START, "opened_at": START, "last_received_at": START}
        session.add_all([Study(id=number, study_instance_uid=f"1.{number}", **times) for number in (1, 2)])
    yield database
    database.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def journal(clock):
    return Journal(clock)


@pytest.fixture
def presence(database, clock, journal):
    return Presence(database, clock, journal)


def rows(database) -> dict[tuple[str, int], datetime]:
    with database.read() as session:
        return {
            (row.association_id, row.study_id): row.expires_at for row in session.scalars(select(OpenAssociation))
        }


def test_a_sender_is_named_until_it_was_recorded(presence):
    expected = Sender("a", presence.listener, START + LEASE)
    assert presence.sender("a", "1.1") == expected
    assert presence.sender("a", "1.1") == expected
    presence.recorded("a", "1.1", 1)
    assert presence.sender("a", "1.1") is None
    assert presence.sender("a", "1.2") == expected
    assert presence.sender("b", "1.1") is not None


def test_open_associations_are_renewed_in_time(presence, database, clock):
    presence.recorded("a", "1.1", 1)
    presence.recorded("a", "1.2", 2)
    presence.tick()
    assert not rows(database)
    clock.now += RENEW_EVERY
    presence.tick()
    assert rows(database) == {("a", 1): clock.now + LEASE, ("a", 2): clock.now + LEASE}
    assert clock.now + RENEW_EVERY < clock.now + LEASE


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_steps_leaves_an_open_association_vouched_for(presence, database, clock, step):
    presence.recorded("a", "1.1", 1)
    clock.now += RENEW_EVERY
    presence.tick()
    clock.now += step
    for _ in range(10):
        presence.tick()
        assert clock.now < rows(database)["a", 1] <= clock.now + LEASE
        clock.now += RENEW_EVERY


def test_ended_associations_are_removed(presence, database, clock):
    presence.recorded("a", "1.1", 1)
    presence.recorded("b", "1.1", 1)
    clock.now += RENEW_EVERY
    presence.tick()
    presence.ended("a")
    presence.ended("never recorded")
    presence.tick()
    assert set(rows(database)) == {("b", 1)}


def audited(database):
    with database.read() as session:
        return [kept.record for kept in list_records(session)]


def bring(journal, *, association_id="a", count=1):
    for _ in range(count):
        journal.received(Origin(association_id, "DXA", "10.0.0.5"), "1.1", CR, Outcome.NEW)


def test_what_an_association_brought_is_told_when_its_row_goes(presence, journal, database, clock):
    presence.recorded("a", "1.1", 1)
    bring(journal, count=3)
    clock.now += RENEW_EVERY
    presence.tick()
    assert audited(database) == []
    journal.ended("a")
    presence.ended("a")
    presence.tick()
    presence.tick()
    [record] = audited(database)
    assert (record.studies, record.objects[0].counts, record.actor) == (("1.1",), {CR: 3}, "DXA")
    assert not rows(database)


def test_what_cannot_be_written_is_told_later_and_once(presence, journal, database, tmp_path):
    bring(journal)
    journal.ended("a")
    presence._database = Database(f"sqlite:///{tmp_path}")
    with pytest.raises(DatabaseUnavailable):
        presence.tick()
    presence._database = database
    presence.tick()
    presence.tick()
    assert len(audited(database)) == 1


def test_at_the_end_what_cut_off_associations_brought_is_told(presence, journal, database):
    bring(journal, count=2)
    presence.close()
    assert [record.objects[0].counts for record in audited(database)] == [{CR: 2}]


def test_an_association_whose_listener_died_is_told_as_a_failure(presence, database, clock):
    with database.write() as session:
        session.add(OpenAssociation(association_id="x", study_id=2, listener="dead", expires_at=clock.now))
    clock.now += DEAD_AFTER + LOOK_FOR_DEAD_EVERY
    presence.tick()
    clock.now += LOOK_FOR_DEAD_EVERY
    presence.tick()
    [record] = audited(database)
    assert (record.studies, record.outcome) == (("1.2",), EventOutcome.SERIOUS_FAILURE)
    assert "the listener died" in record.description
    assert not rows(database)


def test_without_news_the_database_is_left_alone(presence, monkeypatch):
    presence.recorded("a", "1.1", 1)
    monkeypatch.setattr(presence._database, "write", None)
    presence.tick()


def test_what_the_database_did_not_take_is_told_at_the_next_tick(presence, database, clock, tmp_path):
    presence.recorded("a", "1.1", 1)
    clock.now += RENEW_EVERY
    presence.tick()
    presence.ended("a")
    presence._database = Database(f"sqlite:///{tmp_path}")
    with pytest.raises(DatabaseUnavailable):
        presence.tick()
    presence._database = database
    presence.tick()
    assert not rows(database)


def test_the_loop_outlives_a_database_that_is_away(presence, monkeypatch):
    stop, ticks = Event(), []

    def tick() -> None:
        ticks.append(None)
        if len(ticks) == 3:
            stop.set()
        raise DatabaseUnavailable

    monkeypatch.setattr(presence_module, "TICK_S", 0.001)
    monkeypatch.setattr(presence, "tick", tick)
    presence.run(stop)
    assert len(ticks) == 3


def test_closing_removes_what_is_its_own(presence, database, clock):
    presence.recorded("a", "1.1", 1)
    clock.now += RENEW_EVERY
    presence.tick()
    presence.close()
    assert not rows(database)
