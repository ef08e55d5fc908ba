"""Which leases are lost, whatever the database's clock does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from osteo_pacs.housekeeping.rescue import LeaseWatch
from osteo_pacs.jobs.rescue import Lease

VALID = Lease(job_id=1, token=1, expires_at=datetime(2026, 3, 1, tzinfo=UTC), has_expired=False)
EXPIRED = replace(VALID, has_expired=True)


def watch():
    return LeaseWatch(silent_s=30, dead_s=60)


def beat(lease):
    return replace(lease, expires_at=lease.expires_at + timedelta(seconds=20))


def test_an_expired_lease_is_lost_when_it_stays_silent():
    watching = watch()
    assert watching.lost([EXPIRED], 100) == []
    assert watching.lost([EXPIRED], 129) == []
    assert watching.lost([EXPIRED], 130) == [EXPIRED]


def test_silence_counts_from_before_the_lease_expired():
    watching = watch()
    assert watching.lost([VALID], 0) == []
    assert watching.lost([EXPIRED], 59) == [EXPIRED]


def test_a_worker_that_beats_keeps_its_job_when_the_clock_steps_forward():
    watching, lease = watch(), EXPIRED
    for now_s in range(0, 600, 20):
        assert watching.lost([lease], now_s) == []
        lease = beat(lease)


def test_a_silent_worker_loses_its_job_when_the_clock_steps_back():
    watching = watch()
    assert watching.lost([VALID], 0) == []
    assert watching.lost([VALID], 59) == []
    assert watching.lost([VALID], 60) == [VALID]


def test_a_job_that_was_claimed_again_is_another_lease():
    watching = watch()
    watching.lost([EXPIRED], 0)
    assert watching.lost([replace(EXPIRED, token=2)], 30) == []


def test_leases_that_ended_are_forgotten():
    watching = watch()
    watching.lost([EXPIRED], 0)
    watching.lost([], 10)
    assert watching.lost([EXPIRED], 30) == []
