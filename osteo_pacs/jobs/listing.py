"""The queue as a person sees it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal_column, or_, select
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Job, JobKind, JobState, Pause, Study
from osteo_pacs.jobs.filters import JobFilter
from osteo_pacs.jobs.lanes import IS_AVAILABLE, IS_RETRYABLE

EVERY_JOB = JobFilter()


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job as it is shown."""

    id: int
    kind: JobKind
    state: JobState
    study_instance_uid: str
    destination: str | None
    priority: int
    attempts: int
    run_at: datetime
    created_at: datetime
    claimed_by: str | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class PausedSubject:
    """A kind of job, or ``destination:NAME``, whose jobs are not claimed."""

    subject: str
    paused_at: datetime


def list_jobs(
    session: Session, wanted: JobFilter = EVERY_JOB, *, limit: int = 100, before_id: int | None = None
) -> list[JobSummary]:
    """The newest jobs first; ``before_id`` turns the page."""
    statement = (
        select(
            Job.id, Job.kind, Job.state, Study.study_instance_uid, Job.destination, Job.priority, Job.attempts,
            Job.run_at, Job.created_at, Job.claimed_by, Job.last_error,
        )
        .join(Study, Job.study_id == Study.id)
        .where(wanted.condition())
        .order_by(Job.id.desc())
        .limit(limit)
    )  # fmt: skip
    if before_id is not None:
        statement = statement.where(Job.id < before_id)
    return [
        JobSummary(
            id=row.id,
            kind=JobKind(row.kind),
            state=JobState(row.state),
            study_instance_uid=row.study_instance_uid,
            destination=row.destination or None,
            priority=row.priority,
            attempts=row.attempts,
            run_at=row.run_at,
            created_at=row.created_at,
            claimed_by=row.claimed_by,
            last_error=row.last_error,
        )
        for row in session.execute(statement)
    ]


def count_jobs(session: Session) -> dict[tuple[JobKind, JobState], int]:
    """How many jobs there are of each kind in each state; a pair without jobs is not in it."""
    counts = select(Job.kind, Job.state, func.count()).group_by(Job.state, Job.kind)
    return {(JobKind(kind), JobState(state)): count for kind, state, count in session.execute(counts)}


def count_matching(session: Session, wanted: JobFilter) -> int:
    """How many jobs a filter means."""
    return session.scalar(select(func.count()).select_from(Job).where(wanted.condition())) or 0


def backlog(session: Session, now: datetime) -> dict[tuple[JobKind, str | None], int]:
    """How many jobs are due, by kind and destination: what workers are wanted for."""
    is_due = or_(IS_AVAILABLE, IS_RETRYABLE & (Job.run_at <= now))
    counts = select(Job.kind, Job.destination, func.count()).where(is_due).group_by(Job.kind, Job.destination)
    return {(JobKind(kind), lane or None): count for kind, lane, count in session.execute(counts)}


def oldest_due_at(session: Session, now: datetime, kind: JobKind | None = None) -> datetime | None:
    """Since when the job has been due that has waited longest; None when nothing is due."""
    of_kind = Job.kind == kind if kind else literal_column("1 = 1")
    available = session.scalar(select(func.min(Job.run_at)).where(IS_AVAILABLE, of_kind))
    retryable = session.scalar(select(func.min(Job.run_at)).where(IS_RETRYABLE, of_kind, Job.run_at <= now))
    return min((since for since in (available, retryable) if since), default=None)


def paused_subjects(session: Session) -> list[PausedSubject]:
    """What is paused, the longest first."""
    rows = session.execute(select(Pause.subject, Pause.paused_at).order_by(Pause.paused_at))
    return [PausedSubject(*row) for row in rows]
