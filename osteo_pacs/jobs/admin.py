"""What a person does to the queue.

Each returns how many jobs it changed: those that are in a state to be changed so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_if_absent
from osteo_pacs.db.tables import Job, JobKind, JobState, Pause
from osteo_pacs.jobs.filters import JobFilter
from osteo_pacs.jobs.states import LIVE, SUBJECT_OF_DESTINATION, entering, sources

PURGEABLE = frozenset({JobState.PARKED, JobState.CANCELLED})


def retry(session: Session, wanted: JobFilter, now: datetime) -> int:
    """Makes parked, cancelled and waiting jobs due now, with all their attempts before them."""
    fresh = {"run_at": now, "enqueued_at": now, "attempts": 0, "lost_leases": 0}
    waiting = sources(JobState.AVAILABLE) - {JobState.CLAIMED}
    return _change(session, wanted, waiting, {**entering(JobState.AVAILABLE, now), **fresh})


def cancel(session: Session, wanted: JobFilter, now: datetime) -> int:
    """Cancels what is not done; a worker that holds such a job loses its claim and writes nothing."""
    return _change(session, wanted, sources(JobState.CANCELLED), entering(JobState.CANCELLED, now))


def prioritize(session: Session, wanted: JobFilter, priority: int) -> int:
    """Sets the priority of jobs that are yet to be done; the smaller, the sooner."""
    return _change(session, wanted, LIVE, {"priority": priority})


def purge(session: Session, wanted: JobFilter) -> int:
    """Removes parked and cancelled jobs, and with them their deliveries."""
    may_go = wanted.condition() & Job.state.in_(PURGEABLE)
    return len(session.scalars(delete(Job).where(may_go).returning(Job.id)).all())


def subject(*, kind: JobKind | None = None, destination: str | None = None) -> str:
    """What is paused or resumed: a kind of job, or one destination.

    Raises:
        ValueError: not exactly one of the two was given.
    """
    if (kind is None) == (destination is None):
        raise ValueError("pause a kind of job or a destination")
    return str(kind) if kind is not None else f"{SUBJECT_OF_DESTINATION}{destination}"


def pause(session: Session, paused: str, now: datetime) -> int:
    """Claims no more jobs of this subject; what is claimed is finished. 0 where it was paused before."""
    return 1 if insert_if_absent(session, Pause, {"subject": paused, "paused_at": now}, ("subject",)) else 0


def resume(session: Session, paused: str) -> int:
    """Claims jobs of this subject again; 0 where it was not paused."""
    return len(session.scalars(delete(Pause).where(Pause.subject == paused).returning(Pause.subject)).all())


def _change(session: Session, wanted: JobFilter, states: frozenset[JobState], values: dict[str, Any]) -> int:
    may_change = wanted.condition() & Job.state.in_(states)
    return len(session.scalars(update(Job).where(may_change).values(values).returning(Job.id)).all())
