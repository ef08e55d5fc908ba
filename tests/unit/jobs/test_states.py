"""The graph of a job's states."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from osteo_pacs.jobs.states import LIVE, TRANSITIONS, JobState, entering, sources

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = {
    JobState.COMPLETED: "completed_at",
    JobState.PARKED: "parked_at",
    JobState.CANCELLED: "cancelled_at",
}


def test_every_state_is_in_the_graph():
    assert set(TRANSITIONS) == set(JobState)


def test_a_completed_job_stays_completed():
    assert TRANSITIONS[JobState.COMPLETED] == frozenset()


def test_only_an_available_job_is_claimed():
    assert sources(JobState.CLAIMED) == {JobState.AVAILABLE}


def test_only_a_claimed_job_is_completed_retried_or_parked():
    for state in (JobState.COMPLETED, JobState.RETRYABLE, JobState.PARKED):
        assert sources(state) == {JobState.CLAIMED}


def test_live_jobs_come_to_an_end_by_themselves():
    reached = {target for state in LIVE for target in TRANSITIONS[state]}
    assert {JobState.COMPLETED, JobState.PARKED} <= reached
    assert JobState.PARKED not in LIVE


@pytest.mark.parametrize("state", JobState)
def test_entering_a_state_sets_its_time_and_clears_every_other(state):
    values = entering(state, NOW)
    assert values["state"] is state
    assert values["lease_expires_at"] is None
    assert {name: values[name] for name in TIMES.values()} == {
        name: NOW if TIMES.get(state) == name else None for name in TIMES.values()
    }
