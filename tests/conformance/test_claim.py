"""Who gets which job, on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from rows import NOW, add_jobs, add_study, claim, job
from sqlalchemy import select

from osteo_pacs.clock import utc_now
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Job, JobKind, JobState
from osteo_pacs.jobs import queue


def retry(database, claimed, when):
    with database.write() as session:
        queue.retry_at(session, claimed, when, "PACS down")


def test_claim_of_an_empty_queue_is_empty(database):
    assert claim(database, limit=5) == []


def test_claim_tells_the_job_and_its_lease(database):
    study_id = add_study(database)
    [job_id] = add_jobs(database, study_id=study_id)
    before = utc_now()
    [claimed] = claim(database, worker="host:1", lease_s=60)
    assert (claimed.job_id, claimed.study_id, claimed.destination) == (job_id, study_id, None)
    assert (claimed.attempts, claimed.token, claimed.enqueued_at) == (1, 1, NOW)
    assert timedelta(seconds=59) < claimed.lease_expires_at - before < timedelta(seconds=65)
    row = job(database, job_id)
    assert (row.state, row.claimed_by, row.lease_expires_at) == (
        JobState.CLAIMED,
        "host:1",
        claimed.lease_expires_at,
    )


def test_claim_skips_jobs_that_are_not_due(database):
    add_jobs(database)
    [claimed] = claim(database)
    retry(database, claimed, utc_now() + timedelta(hours=1))
    assert claim(database) == []


def test_claim_takes_a_retryable_job_once_it_is_due(database):
    [job_id] = add_jobs(database)
    [claimed] = claim(database)
    retry(database, claimed, utc_now() - timedelta(seconds=1))
    assert job(database, job_id).state == JobState.RETRYABLE
    [again] = claim(database)
    assert (again.job_id, again.attempts, again.token) == (job_id, 2, 2)


def test_claim_takes_the_urgent_first_then_the_oldest(database):
    add_jobs(database, now=NOW, priority=5)
    [late] = add_jobs(database, now=NOW + timedelta(seconds=2))
    [early] = add_jobs(database, now=NOW + timedelta(seconds=1))
    [urgent] = add_jobs(database, now=NOW + timedelta(seconds=3), priority=-1)
    assert [claimed.job_id for claimed in claim(database, limit=3)] == [urgent, early, late]


def test_a_due_retry_takes_its_place_by_priority(database):
    [urgent] = add_jobs(database, priority=-1)
    [claimed] = claim(database)
    retry(database, claimed, utc_now() - timedelta(seconds=1))
    add_jobs(database)
    assert [claimed.job_id for claimed in claim(database)] == [urgent]


def test_claim_takes_no_more_than_its_limit(database):
    add_jobs(database, 5)
    assert len(claim(database, limit=3)) == 3
    assert len(claim(database, limit=3)) == 2
    assert claim(database, limit=3) == []


def test_claim_leaves_other_kinds_alone(database):
    add_jobs(database, kind=JobKind.DELIVER, destination="pacs")
    assert claim(database, kind=JobKind.INFER) == []


def test_deliveries_are_claimed_for_the_destinations_named(database):
    [to_a] = add_jobs(database, kind=JobKind.DELIVER, destination="a")
    [to_b] = add_jobs(database, kind=JobKind.DELIVER, destination="b")
    [claimed] = claim(database, kind=JobKind.DELIVER, limit=9, destinations=["b"])
    assert (claimed.job_id, claimed.destination) == (to_b, "b")
    [claimed] = claim(database, kind=JobKind.DELIVER, limit=9, destinations=["b", "a"])
    assert (claimed.job_id, claimed.destination) == (to_a, "a")


def test_the_limit_spans_destinations(database):
    add_jobs(database, 2, kind=JobKind.DELIVER, destination="a")
    add_jobs(database, 2, kind=JobKind.DELIVER, destination="b")
    claims = claim(database, kind=JobKind.DELIVER, limit=3, destinations=["a", "b"])
    assert [claimed.destination for claimed in claims] == ["a", "a", "b"]


def test_deliveries_without_destinations_are_a_mistake(database):
    with pytest.raises(ValueError, match="destinations"):
        claim(database, kind=JobKind.DELIVER)
    with pytest.raises(ValueError, match="destinations"):
        claim(database, kind=JobKind.INFER, destinations=["a"])


def test_enqueuing_the_same_work_twice_makes_one_job(database):
    study_id = add_study(database)
    with database.write() as session:
        work = {"kind": JobKind.INFER, "study_id": study_id, "dedupe_key": "infer:1", "now": NOW}
        first = queue.enqueue(session, **work)
        assert first is not None
        assert queue.enqueue(session, **work) is None
    [claimed] = claim(database, limit=9)
    with database.write() as session:
        queue.complete(session, claimed, NOW)
        assert queue.enqueue(session, **work) is None


def test_many_workers_never_claim_one_job_twice(database):
    job_ids = add_jobs(database, 60)

    def work(number):
        mine, own = [], Database(database.url.render_as_string(hide_password=False))
        while claims := claim(own, limit=3, worker=str(number)):
            mine += [claimed.job_id for claimed in claims]
        own.close()
        return mine

    with ThreadPoolExecutor(8) as pool:
        taken = Counter(job_id for mine in pool.map(work, range(8)) for job_id in mine)
    assert taken == Counter(job_ids)


def test_a_worker_does_not_wait_for_jobs_that_another_is_claiming(postgresql_database):
    # SQLite has one writer, who waits; PostgreSQL locks rows, and a claim passes over them.
    first, second = add_jobs(postgresql_database, 2)
    with postgresql_database.write() as session:
        assert session.scalar(select(Job.id).where(Job.id == first).with_for_update()) == first
        assert [claimed.job_id for claimed in claim(postgresql_database, limit=2)] == [second]


def test_a_job_that_lost_its_worker_is_claimed_alone(database):
    job_ids = add_jobs(database, 4)
    with database.write() as session:
        session.get_one(Job, job_ids[2]).lost_leases = 1
    taken = [[claimed.job_id for claimed in claim(database, limit=9)] for _ in range(4)]
    assert taken == [job_ids[:2], [job_ids[2]], [job_ids[3]], []]


def test_an_idle_look_takes_no_write_lock(database):
    add_study(database)
    with database.write():
        # On SQLite a claim that began to write would wait here for its busy timeout, and fail.
        assert claim(database) == []
