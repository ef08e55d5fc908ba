"""Studies: which may be whole, and which are.

due = find_open_studies(session, now, quiet_since=..., opened_before=..., limit=100, lock=True)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Integer, Table, and_, bindparam, literal_column, or_, select, update
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
    limits = {"now": now, "quiet_since": quiet_since, "opened_before": opened_before, "at_most": limit}
    return [OpenStudy(*row) for row in session.execute(_LOCK_OPEN if lock else _OPEN, limits)]


def mark_complete(session: Session, study_id: int, *, now: datetime, reason: str) -> None:
    """The study is whole, for this reason."""
    session.execute(_MARK, {"marked": study_id, "completed_at": now, "complete_reason": reason})


def study_uid(session: Session, study_id: int) -> str:
    """The Study Instance UID of a study."""
    uid: str = session.scalars(_STUDY_UID, {"of_study": study_id}).one()
    return uid


def instance_uids(session: Session, study_id: int, sop_class_uids: Sequence[str]) -> list[str]:
    """The SOP Instance UIDs of a study's instances of these SOP Classes."""
    return list(session.scalars(_UIDS, {"of_study": study_id, "sop_class_uids": list(sop_class_uids)}))


# Built once: the scheduler looks again and again, and building a statement costs more than running it does.
_STUDY, _INSTANCE = cast("Table", Study.__table__), cast("Table", Instance.__table__)
_HAS_OPEN = (
    select(OpenAssociation.study_id)
    .where(OpenAssociation.study_id == _STUDY.c.id, OpenAssociation.expires_at > bindparam("now"))
    .exists()
)
_IS_QUIET = and_(_STUDY.c.last_received_at <= bindparam("quiet_since"), ~_HAS_OPEN)
# A literal, not a parameter: the partial index is used only where the planner sees its condition.
_OPEN = (
    select(_STUDY.c.id, _STUDY.c.opened_at, _STUDY.c.last_received_at, _HAS_OPEN)
    .where(
        literal_column("study.completed_at IS NULL"),
        or_(_IS_QUIET, _STUDY.c.opened_at <= bindparam("opened_before")),
    )
    .order_by(_STUDY.c.last_received_at)
    .limit(bindparam("at_most", type_=Integer))
)
_LOCK_OPEN = _OPEN.with_for_update(of=_STUDY, skip_locked=True)
_MARK = update(_STUDY).where(_STUDY.c.id == bindparam("marked"))
_STUDY_UID = select(_STUDY.c.study_instance_uid).where(_STUDY.c.id == bindparam("of_study"))
_UIDS = select(_INSTANCE.c.sop_instance_uid).where(
    _INSTANCE.c.study_id == bindparam("of_study"),
    _INSTANCE.c.sop_class_uid.in_(bindparam("sop_class_uids", expanding=True)),
)
