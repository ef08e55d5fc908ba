from __future__ import annotations

from datetime import UTC, datetime
from threading import Event

import pytest
from sqlalchemy import select

from databases import url_at_head
from osteo_pacs.db.receipts import Sender
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.db.tables import OpenAssociation, Study
from osteo_pacs.receive import presence as presence_module
from osteo_pacs.receive.presence import LEASE, RENEW_EVERY, Presence

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
def presence(database, clock):
    return Presence(database, clock)


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


def test_ended_associations_are_removed(presence, database, clock):
    presence.recorded("a", "1.1", 1)
    presence.recorded("b", "1.1", 1)
    clock.now += RENEW_EVERY
    presence.tick()
    presence.ended("a")
    presence.ended("never recorded")
    presence.tick()
    assert set(rows(database)) == {("b", 1)}


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
