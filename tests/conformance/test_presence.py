"""A process says that it is there, and takes that back; on both databases."""

from __future__ import annotations

from datetime import timedelta

from osteo_pacs.db import presence
from osteo_pacs.db.presence import Process
from osteo_pacs.db.tables import Presence
from osteo_pacs.service.presence import present
from peers.polling import until

ONE = Process("host:1", "worker-1", "worker", "0.1.0")


def listed(database):
    with database.read() as session:
        return presence.list_processes(session)


def age(database, by):
    with database.write() as session:
        session.get_one(Presence, ONE.worker).seen_at -= by


def test_a_process_is_there_until_it_withdraws(database):
    with database.write() as session:
        presence.announce(session, ONE)
    [found] = listed(database)
    assert (found.worker, found.name, found.role, found.is_silent) == ("host:1", "worker-1", "worker", False)
    with database.write() as session:
        presence.withdraw(session, ONE)
    assert listed(database) == []


def test_a_silent_process_that_says_so_again_is_there_since_it_started(database):
    with database.write() as session:
        presence.announce(session, ONE)
    age(database, presence.SILENT_AFTER + timedelta(seconds=1))
    [silent] = listed(database)
    assert silent.is_silent
    with database.write() as session:
        presence.renew(session, ONE)
    [found] = listed(database)
    assert not found.is_silent
    assert found.started_at == silent.started_at


def test_what_was_silent_for_a_day_is_forgotten(database):
    with database.write() as session:
        presence.announce(session, ONE)
    age(database, presence.FORGOTTEN_AFTER + timedelta(seconds=1))
    with database.write() as session:
        presence.announce(session, Process("host:2", "courier-1", "courier", "0.1.0"))
    assert [one.worker for one in listed(database)] == ["host:2"]


def test_a_running_process_tells_while_it_runs(database):
    with present("worker", "worker-3", database, every_s=0.05):
        [first] = until(lambda: listed(database), every_s=0.02)
        assert first.name == "worker-3"
        until(lambda: listed(database)[0].seen_at > first.seen_at, every_s=0.02)
    assert listed(database) == []
