"""A claim that was lost changes nothing, and takes its transaction with it; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rows import NOW, add_jobs, claim, expire, job
from sqlalchemy import func, select

from osteo_pacs.clock import utc_now
from osteo_pacs.db.tables import Job, JobKind, JobState
from osteo_pacs.jobs import queue, rescue


def taken_over(database, job_id):
    """The claims of a worker that was frozen past its lease, and of the one that took over."""
    [frozen] = claim(database, worker="frozen")
    expire(database, job_id)
    rescue.rescue_expired(database, max_attempts=5)
    [second] = claim(database, worker="second")
    assert second.job_id == frozen.job_id == job_id
    return frozen, second


ENDINGS = {
    "complete": lambda session, claimed: queue.complete(session, claimed, NOW),
    "retry": lambda session, claimed: queue.retry_at(session, claimed, NOW, "no"),
    "park": lambda session, claimed: queue.park(session, claimed, "no"),
    "release": queue.release,
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_worker_frozen_past_its_lease_cannot_end_a_job_that_another_has(database, ending):
    [job_id] = add_jobs(database)
    frozen, second = taken_over(database, job_id)
    with pytest.raises(queue.ClaimLost), database.write() as session:
        ending(session, frozen)
    row = job(database, job_id)
    assert (row.state, row.token, row.claimed_by) == (JobState.CLAIMED, second.token, "second")


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_no_claim_ends_twice(database, ending):
    add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        ending(session, claimed)
    with pytest.raises(queue.ClaimLost), database.write() as session:
        queue.complete(session, claimed, NOW)


def test_what_a_lost_claim_wrote_is_rolled_back(database):
    [job_id] = add_jobs(database)
    frozen, _ = taken_over(database, job_id)

    def finish():
        with database.write() as session:
            work = {"kind": JobKind.DELIVER, "dedupe_key": "deliver:1", "destination": "pacs"}
            assert queue.enqueue(session, study_id=frozen.study_id, now=NOW, **work)
            queue.complete(session, frozen, NOW)

    with pytest.raises(queue.ClaimLost):
        finish()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 1


def test_a_lost_claim_has_no_heartbeat(database):
    [job_id] = add_jobs(database)
    frozen, second = taken_over(database, job_id)
    assert not queue.heartbeat(database, frozen, 60)
    assert queue.heartbeat(database, second, 60)


def test_a_heartbeat_prolongs_the_lease(database):
    [job_id] = add_jobs(database)
    [claimed] = claim(database, lease_s=5)
    assert queue.heartbeat(database, claimed, 600)
    assert job(database, job_id).lease_expires_at > utc_now() + timedelta(seconds=500)


def test_a_completed_job_keeps_no_error(database):
    [job_id] = add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        queue.retry_at(session, claimed, NOW, "PACS down")
    assert job(database, job_id).last_error == "PACS down"
    [claimed] = claim(database)
    with database.write() as session:
        queue.complete(session, claimed, NOW)
    row = job(database, job_id)
    assert (row.state, row.completed_at, row.lease_expires_at, row.last_error) == ("completed", NOW, None, None)


def test_a_parked_job_is_claimed_no_more(database):
    [job_id] = add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        queue.park(session, claimed, "0xA900 " + "x" * 2000)
    row = job(database, job_id)
    assert (row.state, len(row.last_error)) == (JobState.PARKED, 1024)
    assert row.parked_at is not None
    assert claim(database) == []


def test_a_released_job_is_due_at_once_and_its_attempt_is_not_counted(database):
    [job_id] = add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        queue.release(session, claimed)
    assert job(database, job_id).attempts == 0
    [again] = claim(database)
    assert (again.attempts, again.token) == (1, 2)
