"""Studies: which may be whole, and which are.

due = find_open_studies(session, now, quiet_since=..., opened_before=..., limit=100, lock=True)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, literal_column, or_, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Instance, OpenAssociation, Study


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study whose instances may still come."""

    study_id: int
    opened_at: datetime
    last_received_at: datetime
    has_open_association: bool


def find_open_studies(
    session: Session, now: datetime, *, quiet_since: datetime, opened_before: datetime, limit: int, lock: bool
) -> list[OpenStudy]:
    """Open studies that nobody has sent for since ``quiet_since``, or that were opened before ``opened_before``.

    With ``lock`` no one else may complete them, or add to them, until the transaction ends.
    """
    has_open = (
        select(OpenAssociation.study_id)
        .where(OpenAssociation.study_id == Study.id, OpenAssociation.expires_at > now)
        .exists()
    )
    is_quiet = and_(Study.last_received_at <= quiet_since, ~has_open)
    may_be_due = or_(is_quiet, Study.opened_at <= opened_before)
    # A literal, not a parameter: the partial index is used only where the planner sees its condition.
    statement = (
        select(Study.id, Study.opened_at, Study.last_received_at, has_open)
        .where(literal_column("study.completed_at IS NULL"), may_be_due)
        .order_by(Study.last_received_at)
        .limit(limit)
    )
    if lock:
        statement = statement.with_for_update(of=Study, skip_locked=True)
    return [OpenStudy(*row) for row in session.execute(statement)]


def mark_complete(session: Session, study_id: int, *, now: datetime, reason: str) -> None:
    """The study is whole, for this reason."""
    values = {"completed_at": now, "complete_reason": reason}
    session.execute(update(Study).where(Study.id == study_id).values(values))


def instance_uids(session: Session, study_id: int, sop_class_uids: Sequence[str]) -> list[str]:
    """The SOP Instance UIDs of a study's instances of these SOP Classes."""
    of_study = and_(Instance.study_id == study_id, Instance.sop_class_uid.in_(sop_class_uids))
    return list(session.scalars(select(Instance.sop_instance_uid).where(of_study)))
