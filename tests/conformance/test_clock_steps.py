"""The database's clock is set forward or back by an hour under claims; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rows import add_jobs, claim, job

from osteo_pacs.clock import utc_now
from osteo_pacs.db.tables import JobState
from osteo_pacs.housekeeping.rescue import rescuer
from osteo_pacs.jobs import queue, rescue

LEASE_S = 60
HOUR = timedelta(hours=1)


class Clock:
    """The database's clock, which steps, and a monotonic one, which does not."""

    def __init__(self, monkeypatch):
        self.step, self.monotonic_s = timedelta(0), 0.0
        for module in (queue, rescue):
            monkeypatch.setattr(module, "database_now", lambda _session: self.now)

    @property
    def now(self):
        return utc_now() + self.step + timedelta(seconds=self.monotonic_s)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def duty(database, clock):
    return rescuer(database, lease_s=LEASE_S, max_attempts=3, monotonic=lambda: clock.monotonic_s)


steps = pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "back"])


@steps
def test_no_lease_ends_early_of_a_worker_that_beats(database, clock, duty, step):
    [job_id] = add_jobs(database)
    [held] = claim(database, lease_s=LEASE_S)
    duty()
    clock.step = step
    for _ in range(12):
        duty()
        clock.monotonic_s += LEASE_S / 3
        assert queue.heartbeat(database, held, LEASE_S)
    duty()
    assert job(database, job_id).state == JobState.CLAIMED
    assert job(database, job_id).lost_leases == 0


@steps
def test_no_lease_of_a_worker_that_went_away_outlives_its_length(database, clock, duty, step):
    [job_id] = add_jobs(database)
    claim(database, lease_s=LEASE_S)
    duty()
    clock.step = step
    clock.monotonic_s = LEASE_S
    duty()
    assert job(database, job_id).state == JobState.AVAILABLE
    [again] = claim(database, lease_s=LEASE_S)
    assert again.job_id == job_id


@steps
def test_a_job_that_was_enqueued_before_the_step_is_claimed_after_it(database, clock, step):
    [job_id] = add_jobs(database, now=utc_now())
    clock.step = step
    [held] = claim(database, lease_s=LEASE_S)
    assert held.job_id == job_id
    assert held.lease_expires_at - held.claimed_at == timedelta(seconds=LEASE_S)
