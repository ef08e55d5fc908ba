"""What a claim looks for: the jobs of one kind for one destination, a lane.

Each look reads one partial index from its head, so that it costs the same beside a million other jobs. The
statements are built once: idle workers poll, and building one costs ten times what running it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Integer, Select, Table, and_, bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from osteo_pacs.clock import utc_now
from osteo_pacs.db.tables import Job, JobKind, Pause
from osteo_pacs.jobs.states import SUBJECT_OF_DESTINATION

NO_DESTINATION = ""
"""The lane of kinds of job that have no destination."""

JOB = cast("Table", Job.__table__)
# Literals, not parameters: a partial index is used only where the planner sees its condition in the statement.
IS_AVAILABLE = JOB.c.state == literal_column("'available'")
IS_RETRYABLE = JOB.c.state == literal_column("'retryable'")
IS_CLAIMED = JOB.c.state == literal_column("'claimed'")
_IN_LANE = and_(JOB.c.kind == bindparam("kind"), JOB.c.destination == bindparam("lane"))

DUE = (
    select(JOB.c.id, JOB.c.lost_leases)
    .where(_IN_LANE, IS_AVAILABLE)
    .order_by(JOB.c.priority, JOB.c.run_at, JOB.c.id)
    .limit(bindparam("limit", type_=Integer))
)
"""The next jobs of a lane in the order in which they are claimed; takes kind, lane and limit."""

WAITING = (
    select(JOB.c.id)
    .where(_IN_LANE, IS_RETRYABLE, JOB.c.run_at <= bindparam("now"))
    .order_by(JOB.c.run_at)
    .limit(bindparam("limit", type_=Integer))
)
"""Retryable jobs of a lane whose time has come, the longest waiting first; takes kind, lane, now and limit."""


@dataclass(frozen=True, slots=True)
class BusyLane:
    """A lane with a job to claim; with ``has_waiting`` there are retryable ones whose time has come."""

    lane: str
    has_waiting: bool


def busy(session: Session, kind: JobKind, lanes: Iterable[str]) -> list[BusyLane]:
    """Those lanes that are not paused and have a job to claim."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    found = []
    for lane in lanes:
        named = {"kind": kind, "lane": lane, "destination": SUBJECT_OF_DESTINATION + lane}
        if is_sqlite:
            row = session.execute(_LOOK_NOW, {**named, "now": utc_now()}).one()
        else:
            row = session.execute(_LOOK, named).one()
        if not row.is_paused and (row.has_due or row.has_waiting):
            found.append(BusyLane(lane, has_waiting=row.has_waiting))
    return found


def with_work(session: Session, kind: JobKind, lanes: Iterable[str]) -> tuple[str, ...]:
    """The names of the busy lanes."""
    return tuple(found.lane for found in busy(session, kind, lanes))


def destinations(session: Session, kind: JobKind) -> tuple[str, ...]:
    """The lanes in which jobs of a kind wait, due or not, in the order of their names."""
    found: list[str] = []
    while (lane := _next_lane(session, kind, found[-1] if found else None)) is not None:
        found.append(lane)
    return tuple(found)


def _next_lane(session: Session, kind: JobKind, after: str | None) -> str | None:
    """One step from lane to lane: a DISTINCT would read every job of every lane."""
    beyond = JOB.c.destination > after if after is not None else JOB.c.destination >= NO_DESTINATION
    of_kind = and_(JOB.c.kind == kind, beyond)
    steps = [_first_lane(session, and_(of_kind, state)) for state in (IS_AVAILABLE, IS_RETRYABLE)]
    return min((lane for lane in steps if lane is not None), default=None)


def _first_lane(session: Session, condition: ColumnElement[bool]) -> str | None:
    first: str | None = session.scalar(select(func.min(JOB.c.destination)).where(condition))
    return first


def _look(now: ColumnElement[Any]) -> Select[bool, bool, bool]:
    is_paused = Pause.subject.in_([bindparam("kind"), bindparam("destination")])
    waiting = and_(_IN_LANE, IS_RETRYABLE, JOB.c.run_at <= now)
    return select(
        select(Pause.subject).where(is_paused).exists().label("is_paused"),
        select(JOB.c.id).where(_IN_LANE, IS_AVAILABLE).exists().label("has_due"),
        select(JOB.c.id).where(waiting).exists().label("has_waiting"),
    )


_LOOK_NOW = _look(bindparam("now"))
# The database's clock, and one that may stand in an index condition: clock_timestamp() may not.
_LOOK = _look(func.now())
