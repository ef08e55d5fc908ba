"""A study is complete once, for a stated reason, and its job comes with it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from receipts import NOW, SR, new_instance, receive, sender
from sqlalchemy import event, select

from osteo_pacs.config.sections import Completeness
from osteo_pacs.db.lean import lean_write
from osteo_pacs.db.receipts import close_associations, record_instances
from osteo_pacs.db.tables import Job, Study
from osteo_pacs.findings import input_digest
from osteo_pacs.receive.completeness import CompletedStudy, complete_due_studies, complete_studies_until

RULES = Completeness(quiet_s=10, max_wait_s=60)
QUIET = NOW + timedelta(seconds=10)


def complete(database, now=QUIET) -> list[CompletedStudy]:
    told: list[CompletedStudy] = []
    assert complete_due_studies(database, now, RULES, told.append) == len(told)
    return told


def jobs(database) -> list[Job]:
    with database.read() as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


def study(database) -> Study:
    with database.read() as session:
        return session.scalars(select(Study)).one()


def test_a_quiet_study_is_complete_and_enqueued(database):
    instances = [new_instance() for _ in range(3)]
    [first, *_] = receive(database, *instances, new_instance(sop_class_uid=SR))
    [told] = complete(database)
    [job] = jobs(database)
    digest = input_digest([instance.sop_instance_uid for instance in instances])
    assert told == CompletedStudy(first.study_id, "quiet", job.id, 3)
    assert (job.kind, job.study_id, job.state) == ("infer", first.study_id, "available")
    assert job.dedupe_key == f"infer:{first.study_id}:{digest}"
    assert (study(database).completed_at, study(database).complete_reason) == (QUIET, "quiet")


def test_a_study_that_was_active_a_moment_ago_is_not_complete(database):
    receive(database, new_instance(at=NOW - timedelta(seconds=20)), new_instance(at=NOW))
    assert not complete(database, QUIET - timedelta(milliseconds=1))
    assert complete(database)


def test_an_open_association_keeps_its_study_open_until_it_ends(database):
    receive(database, new_instance(), by=sender("a", until=NOW + timedelta(hours=1)))
    assert not complete(database)
    with database.write() as session:
        close_associations(session, ["a"])
    assert [told.reason for told in complete(database)] == ["quiet"]


def test_an_association_of_a_listener_that_died_keeps_nothing_open(database):
    receive(database, new_instance(), by=sender("a", until=QUIET - timedelta(seconds=1)))
    assert [told.reason for told in complete(database)] == ["quiet"]


def test_the_deadline_completes_a_study_that_never_rests(database):
    for second in range(0, 60, 5):
        at = NOW + timedelta(seconds=second)
        receive(database, new_instance(at=at), by=sender("a", until=NOW + timedelta(hours=1)))
        assert not complete(database, at)
    assert [told.reason for told in complete(database, NOW + timedelta(seconds=60))] == ["deadline"]


def test_the_deadline_of_a_late_instance_runs_from_itself(database):
    receive(database, new_instance())
    complete(database)
    later = NOW + timedelta(hours=1)
    receive(database, new_instance(at=later), by=sender("a", until=later + timedelta(hours=1)))
    assert not complete(database, later + timedelta(seconds=59))
    assert [told.reason for told in complete(database, later + timedelta(seconds=60))] == ["deadline"]


def test_a_late_instance_gives_a_second_job(database):
    receive(database, new_instance())
    complete(database)
    receive(database, new_instance(at=QUIET))
    assert complete(database, QUIET + timedelta(seconds=10))
    assert len({job.dedupe_key for job in jobs(database)}) == 2


def test_a_late_companion_gives_no_second_job(database):
    receive(database, new_instance())
    complete(database)
    receive(database, new_instance(at=QUIET, sop_class_uid=SR))
    [told] = complete(database, QUIET + timedelta(seconds=10))
    assert told.job_id is None
    assert len(jobs(database)) == 1


def test_a_complete_study_is_complete_once(database):
    receive(database, new_instance())
    assert len(complete(database)) == 1
    assert not complete(database, NOW + timedelta(days=1))


def test_a_study_without_images_is_enqueued_too(database):
    receive(database, new_instance(sop_class_uid=SR))
    [told] = complete(database)
    assert told.images == 0
    assert told.job_id is not None


def test_more_studies_than_one_transaction_takes_are_completed_in_turn(database):
    receive(database, *(new_instance(f"1.2.{number}") for number in range(1, 131)))
    assert len(complete(database)) == 100
    assert len(complete(database)) == 30
    assert len(jobs(database)) == 130


def test_two_schedulers_at_once_complete_each_study_once(database):
    receive(database, *(new_instance(f"1.2.{number}") for number in range(1, 41)))
    told: list[CompletedStudy] = []
    threads = [
        threading.Thread(target=complete_due_studies, args=(database, QUIET, RULES, told.append)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    complete_due_studies(database, QUIET, RULES, told.append)
    assert len(told) == len({study.study_id for study in told}) == 40


def test_an_instance_that_comes_meanwhile_keeps_the_study_open(postgresql_database):
    receive(postgresql_database, new_instance())
    with lean_write(postgresql_database) as lean:
        record_instances(lean, [(new_instance(at=QUIET), None)])
        # The listener holds the study's row: the scheduler passes it by.
        assert not complete(postgresql_database)
    assert not complete(postgresql_database)


def test_nothing_is_told_when_the_queue_cannot_take_the_job(database, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ValueError

    receive(database, new_instance())
    monkeypatch.setattr("osteo_pacs.receive.completeness.enqueue", fail)
    told: list[CompletedStudy] = []
    with pytest.raises(ValueError, match=r"^$"):
        complete_due_studies(database, QUIET, RULES, told.append)
    monkeypatch.undo()
    assert not told
    assert study(database).completed_at is None
    assert complete(database)


def test_an_idle_look_is_one_indexed_query_without_a_write_lock(database):
    receive(database, new_instance(at=QUIET))
    executed: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: executed.append(args[2:4]))
    assert not complete(database)
    [(query, parameters)] = [pair for pair in executed if pair[0] != "BEGIN"]
    if database.is_sqlite:
        with database.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)
            assert "ix_study_open" in " ".join(str(row) for row in plan)


def test_studies_that_associations_keep_open_stand_in_no_ones_way(database):
    by = sender("a", until=NOW + timedelta(hours=1))
    receive(
        database, *(new_instance(f"1.2.{number}", at=NOW - timedelta(seconds=1)) for number in range(120)), by=by
    )
    receive(database, new_instance("9.9"))
    assert [told.reason for told in complete(database)] == ["quiet"]


class Clock:
    """Time that passes only while someone sleeps."""

    def __init__(self, now):
        self._now = now

    def now(self):
        return self._now

    def sleep(self, seconds):
        self._now += timedelta(seconds=seconds)


def complete_until(database, until, clock) -> list[CompletedStudy]:
    told: list[CompletedStudy] = []
    complete_studies_until(database, until, RULES, told.append, now=clock.now, sleep=clock.sleep)
    return told


def test_studies_that_become_whole_before_the_next_look_are_complete_at_their_moments(database):
    for milliseconds in (100, 300):
        receive(database, new_instance(f"1.2.{milliseconds}", at=NOW + timedelta(milliseconds=milliseconds)))
    clock = Clock(QUIET)
    told = complete_until(database, QUIET + timedelta(milliseconds=200), clock)
    assert [study.reason for study in told] == ["quiet"]
    assert timedelta(0) < clock.now() - (QUIET + timedelta(milliseconds=100)) < timedelta(milliseconds=50)
    assert len(complete_until(database, QUIET + timedelta(milliseconds=400), clock)) == 1


def test_a_study_of_an_open_association_is_waited_for_until_its_deadline(database):
    receive(database, new_instance(), by=sender("a", until=NOW + timedelta(hours=1)))
    clock = Clock(QUIET)
    assert not complete_until(database, NOW + timedelta(seconds=59), clock)
    assert clock.now() == QUIET
    assert [study.reason for study in complete_until(database, NOW + timedelta(seconds=61), clock)] == ["deadline"]


def test_nothing_is_waited_for_where_no_study_will_be_whole(database):
    receive(database, new_instance(at=QUIET))
    clock = Clock(QUIET)
    assert not complete_until(database, QUIET + timedelta(seconds=5), clock)
    assert clock.now() == QUIET
