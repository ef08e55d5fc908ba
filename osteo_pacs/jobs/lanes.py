"""What a claim looks for: the jobs of one kind for one destination, a lane.

Each look reads one partial index from its head, so that it costs the same beside a million other jobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from osteo_pacs.db.session import database_now
from osteo_pacs.db.tables import Job, JobKind, Pause
from osteo_pacs.jobs.states import SUBJECT_OF_DESTINATION

NO_DESTINATION = ""
"""The lane of kinds of job that have no destination."""

# Literals, not parameters: a partial index is used only where the planner sees its condition in the statement.
IS_AVAILABLE = Job.state == literal_column("'available'")
IS_RETRYABLE = Job.state == literal_column("'retryable'")
IS_CLAIMED = Job.state == literal_column("'claimed'")


def due(kind: JobKind, lane: str, limit: int) -> Select[int, int]:
    """The ids and lost leases of the next jobs, in the order in which they are claimed."""
    in_lane = and_(Job.kind == kind, Job.destination == lane, IS_AVAILABLE)
    return select(Job.id, Job.lost_leases).where(in_lane).order_by(Job.priority, Job.run_at, Job.id).limit(limit)


def waiting(kind: JobKind, lane: str, now: datetime, limit: int) -> Select[int]:
    """The ids of retryable jobs whose time has come, the longest waiting first."""
    in_lane = and_(Job.kind == kind, Job.destination == lane, IS_RETRYABLE, Job.run_at <= now)
    return select(Job.id).where(in_lane).order_by(Job.run_at).limit(limit)


def with_work(session: Session, kind: JobKind, lanes: Iterable[str]) -> tuple[str, ...]:
    """Those lanes that are not paused and have a job to claim."""
    paused = set(session.scalars(select(Pause.subject)))
    if kind in paused:
        return ()
    now = database_now(session)
    return tuple(
        lane
        for lane in lanes
        if SUBJECT_OF_DESTINATION + lane not in paused and _has_work(session, kind, lane, now)
    )


def destinations(session: Session, kind: JobKind) -> tuple[str, ...]:
    """The lanes in which jobs of a kind wait, due or not, in the order of their names."""
    found: list[str] = []
    while (lane := _next_lane(session, kind, found[-1] if found else None)) is not None:
        found.append(lane)
    return tuple(found)


def _next_lane(session: Session, kind: JobKind, after: str | None) -> str | None:
    """One step from lane to lane: a DISTINCT would read every job of every lane."""
    beyond = Job.destination > after if after is not None else Job.destination >= NO_DESTINATION
    steps = (_first_lane(session, and_(Job.kind == kind, beyond, state)) for state in (IS_AVAILABLE, IS_RETRYABLE))
    return min((lane for lane in steps if lane is not None), default=None)


def _first_lane(session: Session, condition: ColumnElement[bool]) -> str | None:
    return session.scalar(select(func.min(Job.destination)).where(condition))


def _has_work(session: Session, kind: JobKind, lane: str, now: datetime) -> bool:
    found = or_(due(kind, lane, 1).exists(), waiting(kind, lane, now, 1).exists())
    return bool(session.scalar(select(found)))
