"""Jobs whose workers went away; on both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from rows import add_jobs, claim, expire, job
from sqlalchemy import func, select

from osteo_pacs.clock import utc_now
from osteo_pacs.db.session import database_now
from osteo_pacs.db.tables import Job, JobState
from osteo_pacs.housekeeping.rescue import rescuer
from osteo_pacs.jobs import queue, rescue

HOLD_AND_WAIT = """
import sys
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import JobKind, Study
from osteo_pacs.jobs import queue

database = Database(sys.argv[1])
[held] = queue.claim(database, kind=JobKind.INFER, worker="doomed", lease_s=60, limit=1)
with database.write() as session:
    queue.enqueue(session, kind=JobKind.DELIVER, study_id=held.study_id, dedupe_key="half", now=held.claimed_at,
                  destination="pacs")
    queue.complete(session, held, held.claimed_at)
    print("held", flush=True)
    sys.stdin.read()
"""


def lose_worker(database, job_id):
    [claimed] = claim(database)
    assert claimed.job_id == job_id
    expire(database, job_id)
    return rescue.rescue_expired(database, max_attempts=3)


def test_a_job_whose_lease_expired_is_due_again(database):
    [job_id] = add_jobs(database)
    assert lose_worker(database, job_id) == rescue.Rescued(available=1)
    row = job(database, job_id)
    assert (row.state, row.lease_expires_at, row.last_error) == ("available", None, rescue.WORKER_WENT_AWAY)
    [again] = claim(database)
    assert (again.job_id, again.attempts) == (job_id, 2)


def test_a_job_whose_lease_is_valid_is_left_alone(database):
    add_jobs(database)
    [claimed] = claim(database)
    assert rescue.rescue_expired(database, max_attempts=3) == rescue.Rescued()
    assert queue.heartbeat(database, claimed, 60)


def test_a_job_that_kills_its_workers_is_parked(database):
    [job_id] = add_jobs(database)
    found = [lose_worker(database, job_id) for _ in range(3)]
    assert found == [rescue.Rescued(available=1), rescue.Rescued(available=1), rescue.Rescued(parked=1)]
    row = job(database, job_id)
    assert (row.state, row.attempts, row.last_error) == (JobState.PARKED, 3, rescue.WORKER_WENT_AWAY)
    assert claim(database) == []


def test_an_attempt_that_ends_by_itself_clears_a_job_of_suspicion(database):
    [job_id] = add_jobs(database)
    for _ in range(2):
        lose_worker(database, job_id)
    [claimed] = claim(database)
    with database.write() as session:
        queue.retry_at(session, claimed, utc_now() - timedelta(seconds=1), "PACS down")
    assert lose_worker(database, job_id) == rescue.Rescued(available=1)


def test_a_heartbeat_between_the_look_and_the_rescue_keeps_the_job(database):
    [job_id] = add_jobs(database)
    [claimed] = claim(database)
    expire(database, job_id)
    found = rescue.leases(database)
    assert [lease.has_expired for lease in found] == [True]
    assert queue.heartbeat(database, claimed, 60)
    assert rescue.rescue(database, found, max_attempts=3) == rescue.Rescued()


def test_the_jobs_of_a_worker_that_is_known_to_be_dead_are_rescued_at_once(database):
    first, second = add_jobs(database, 2)
    claim(database, worker="dead")
    claim(database, worker="alive")
    assert rescue.rescue_worker(database, "dead", max_attempts=3) == rescue.Rescued(available=1)
    assert [job(database, job_id).state for job_id in (first, second)] == ["available", "claimed"]


def test_the_duty_rescues_what_stays_silent_and_nothing_else(database):
    silent, beating = add_jobs(database, 2)
    claim(database, lease_s=60)
    [alive] = claim(database, lease_s=60)
    clock = [0.0]
    duty = rescuer(database, lease_s=60, max_attempts=3, monotonic=lambda: clock[0])
    expire(database, silent)
    for now_s in (0.0, 20.0, 40.0, 60.0):
        clock[0] = now_s
        assert queue.heartbeat(database, alive, 60)
        duty()
    assert job(database, silent).state == JobState.AVAILABLE
    assert job(database, beating).state == JobState.CLAIMED


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_dies_in_its_last_transaction_leaves_nothing_half_done(database, ending):
    [job_id] = add_jobs(database)
    command = [sys.executable, "-c", HOLD_AND_WAIT, database.url.render_as_string(hide_password=False)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout.readline() == b"held\n"
        os.kill(worker.pid, ending)
    assert job(database, job_id).state == JobState.CLAIMED
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 1
    assert rescue.rescue_worker(database, "doomed", max_attempts=3) == rescue.Rescued(available=1)
    [again] = claim(database)
    assert (again.job_id, again.token) == (job_id, 2)


def test_the_lease_runs_on_the_database_s_clock(database):
    add_jobs(database)
    with database.read() as session:
        before = database_now(session)
    [claimed] = claim(database, lease_s=60)
    with database.read() as session:
        assert before <= claimed.claimed_at <= database_now(session)
    assert claimed.lease_expires_at - claimed.claimed_at == timedelta(seconds=60)
