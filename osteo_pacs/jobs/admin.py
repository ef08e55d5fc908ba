"""What a person does to the queue.

Each returns the jobs that it changed: those that are in a state to be changed so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_if_absent
from osteo_pacs.db.tables import Job, JobKind, JobState, Pause, Study
from osteo_pacs.jobs.filters import JobFilter
from osteo_pacs.jobs.states import LIVE, SUBJECT_OF_DESTINATION, entering, sources

NAMED_AT_ONCE = 1000
RETRIABLE = sources(JobState.AVAILABLE) - {JobState.CLAIMED}
CANCELLABLE = sources(JobState.CANCELLED)
PURGEABLE = frozenset({JobState.COMPLETED, JobState.PARKED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class ChangedJob:
    """A job that was changed, with its study."""

    job_id: int
    study_instance_uid: str


def retry(session: Session, wanted: JobFilter, now: datetime) -> list[ChangedJob]:
    """Makes parked, cancelled and waiting jobs due now, with all their attempts before them."""
    fresh = {"run_at": now, "enqueued_at": now, "attempts": 0, "lost_leases": 0}
    return _change(session, wanted, RETRIABLE, {**entering(JobState.AVAILABLE, now), **fresh})


def cancel(session: Session, wanted: JobFilter, now: datetime) -> list[ChangedJob]:
    """Cancels what is not done; a worker that holds such a job loses its claim and writes nothing."""
    return _change(session, wanted, CANCELLABLE, entering(JobState.CANCELLED, now))


def prioritize(session: Session, wanted: JobFilter, priority: int) -> list[ChangedJob]:
    """Sets the priority of jobs that are yet to be done; the smaller, the sooner."""
    return _change(session, wanted, LIVE, {"priority": priority})


def purge(session: Session, wanted: JobFilter) -> list[ChangedJob]:
    """Removes jobs that have ended, and with them their deliveries.

    A job from which is told how its study stands is no spare one, and stays: without its newest reading a study
    would seem unread for ever, without the deliveries of its newest report never sent.
    """
    may_go = spare(wanted).condition()
    return _changed(session, session.execute(delete(Job).where(may_go).returning(Job.id, Job.study_id)).all())


def spare(wanted: JobFilter) -> JobFilter:
    """Those of these jobs that ``purge`` removes."""
    return replace(wanted.within(PURGEABLE), is_spare=True)


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


def _change(
    session: Session, wanted: JobFilter, states: frozenset[JobState], values: dict[str, Any]
) -> list[ChangedJob]:
    statement = update(Job).where(wanted.within(states).condition()).values(values).returning(Job.id, Job.study_id)
    return _changed(session, session.execute(statement).all())


def _changed(session: Session, jobs: Sequence[Row[int, int]]) -> list[ChangedJob]:
    study_ids = sorted({job.study_id for job in jobs})
    uids: dict[int, str] = {}
    for start in range(0, len(study_ids), NAMED_AT_ONCE):
        is_one = Study.id.in_(study_ids[start : start + NAMED_AT_ONCE])
        rows = session.execute(select(Study.id, Study.study_instance_uid).where(is_one))
        uids |= {row.id: row.study_instance_uid for row in rows}
    return [ChangedJob(job.id, uids[job.study_id]) for job in sorted(jobs)]
