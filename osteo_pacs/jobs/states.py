"""The life of a job, as values.

    enqueue -> available -> claimed -> completed
                  ^            |----> retryable -> available       when its time has come
                  |            |----> available                    given back unharmed, or its lease expired
                  |            '----> parked                       needs a person
                  '------------------ parked, cancelled            `osteo-pacs queue retry`

    available, retryable, claimed, parked -> cancelled             `osteo-pacs queue cancel`

A claimed job has a lease; each state at the end of a line has the time at which it was reached.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from osteo_pacs.db.tables import JobKind, JobState

__all__ = ["LIVE", "SUBJECT_OF_DESTINATION", "TRANSITIONS", "JobKind", "JobState", "entering", "sources"]

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.AVAILABLE: frozenset({JobState.CLAIMED, JobState.CANCELLED}),
    JobState.CLAIMED: frozenset(
        {JobState.COMPLETED, JobState.RETRYABLE, JobState.AVAILABLE, JobState.PARKED, JobState.CANCELLED}
    ),
    JobState.RETRYABLE: frozenset({JobState.AVAILABLE, JobState.CANCELLED}),
    JobState.PARKED: frozenset({JobState.AVAILABLE, JobState.CANCELLED}),
    JobState.CANCELLED: frozenset({JobState.AVAILABLE}),
    JobState.COMPLETED: frozenset(),
}
"""Where a job may go from each state."""

LIVE = frozenset({JobState.AVAILABLE, JobState.CLAIMED, JobState.RETRYABLE})
"""States in which a job still moves by itself."""

SUBJECT_OF_DESTINATION = "destination:"
"""Prefix of a pause's subject that is a destination."""


def sources(target: JobState) -> frozenset[JobState]:
    """The states from which ``target`` may be reached."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


def entering(state: JobState, now: datetime) -> dict[str, Any]:
    """The columns that tell the state, as they are from the moment a job enters it; a claim adds its lease."""
    return {
        "state": state,
        "lease_expires_at": None,
        "completed_at": now if state is JobState.COMPLETED else None,
        "parked_at": now if state is JobState.PARKED else None,
        "cancelled_at": now if state is JobState.CANCELLED else None,
    }
