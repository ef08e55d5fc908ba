"""How the deliveries to each destination go. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Delivery, Job, JobKind, JobState
from osteo_pacs.jobs.lanes import IS_RETRYABLE
from osteo_pacs.jobs.throughput import NEWEST

UNDONE = (JobState.AVAILABLE, JobState.CLAIMED, JobState.RETRYABLE, JobState.PARKED)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A destination: its jobs by state, the next attempt of what failed, the last success and error.

    ``last_success_at`` is None, too, where it lies behind the newest deliveries that are looked at.
    """

    destination: str
    waiting: int
    sending: int
    failing: int
    parked: int
    next_attempt_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None


def outlets(session: Session, names: Sequence[str]) -> list[Outlet]:
    """The destinations of these names, in their order."""
    counts = _counts(session)
    due = select(Job.destination, func.min(Job.run_at)).where(IS_RETRYABLE, Job.kind == JobKind.DELIVER)
    next_at = {row[0]: row[1] for row in session.execute(due.group_by(Job.destination))}
    newest = session.scalar(select(func.max(Delivery.id))) or 0
    sent = select(Delivery.destination, func.max(Delivery.delivered_at)).where(Delivery.id > newest - NEWEST)
    sent_at = {row[0]: row[1] for row in session.execute(sent.group_by(Delivery.destination))}
    return [
        Outlet(
            destination=name,
            waiting=counts.get((name, JobState.AVAILABLE), 0),
            sending=counts.get((name, JobState.CLAIMED), 0),
            failing=counts.get((name, JobState.RETRYABLE), 0),
            parked=counts.get((name, JobState.PARKED), 0),
            next_attempt_at=next_at.get(name),
            last_success_at=sent_at.get(name),
            last_error=_last_error(session, name),
        )
        for name in names
    ]


def _counts(session: Session) -> dict[tuple[str, JobState], int]:
    undone = select(Job.destination, Job.state, func.count()).where(
        Job.kind == JobKind.DELIVER, Job.state.in_(UNDONE)
    )
    rows = session.execute(undone.group_by(Job.destination, Job.state))
    return {(destination, JobState(state)): count for destination, state, count in rows}


def _last_error(session: Session, name: str) -> str | None:
    failed = Job.state.in_((JobState.RETRYABLE, JobState.PARKED))
    of_name = select(Job.last_error).where(failed, Job.kind == JobKind.DELIVER, Job.destination == name)
    return session.scalar(of_name.order_by(Job.id.desc()).limit(1))
