"""Documents of readers and scanners that came: which wait to be interpreted, and what was made of each.

A study that is complete has its documents wait here in the same transaction; whoever interprets one says so in the
transaction that adds its labels, so that two who do it at once add them once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Integer, Table, bindparam, insert, literal, literal_column, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Document, Feedback, Instance, Report
from osteo_pacs.dicom.codes import OSTEOPOROSIS
from osteo_pacs.dicom.sop_classes import FEEDBACK
from osteo_pacs.dicom.uids import tracking_uid
from osteo_pacs.labels.interpretation import Known
from osteo_pacs.labels.interpretation import Report as KnownReport

REASON_LIMIT = 255


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """A document that nobody has interpreted; nothing lies at ``path`` where it ``is_removed``."""

    instance_id: int
    study_id: int
    sop_instance_uid: str
    path: str
    received_at: datetime
    is_removed: bool


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document that came, and what was made of it; the states are those of the table."""

    sop_instance_uid: str
    sop_class_uid: str
    state: str
    reason: str | None
    received_at: datetime
    interpreted_at: datetime | None


def await_interpretation(session: Session, study_id: int) -> None:
    """The study's documents wait from now on, but for those that waited before."""
    session.execute(_AWAIT, {"of_study": study_id})


def await_again(session: Session) -> int:
    """What gave nothing waits again, as when the configuration names more; returns how many."""
    said_nothing = Feedback.state.in_(("nothing", "unreadable"))
    again = update(Feedback).where(said_nothing).values(state="waiting", interpreted_at=None)
    return len(session.scalars(again.returning(Feedback.instance_id)).all())


def waiting_documents(session: Session, limit: int) -> list[WaitingDocument]:
    """Those that wait, the first that came first."""
    return [WaitingDocument(*row) for row in session.execute(_WAITING, {"at_most": limit})]


def settle(session: Session, instance_id: int, state: str, reason: str, now: datetime) -> bool:
    """What was made of a document; False where someone else has said so before."""
    wanted = update(Feedback).where(Feedback.instance_id == instance_id, Feedback.state == "waiting")
    said = wanted.values(state=state, reason=reason[:REASON_LIMIT], interpreted_at=now)
    return session.scalar(said.returning(Feedback.instance_id)) is not None


def known_about(session: Session, document: WaitingDocument, uids: Collection[str]) -> Known:
    """What is known about the objects that a document names."""
    reports = {
        uid: KnownReport(study_id, None if outcome == "refused" else outcome == "positive")
        for uid, study_id, outcome in session.execute(
            select(Document.sop_instance_uid, Report.study_id, Report.outcome)
            .join(Report, Report.id == Document.report_id)
            .where(Document.sop_instance_uid.in_([*uids, document.sop_instance_uid]))
        )
    }
    images = select(Instance.sop_instance_uid, Instance.study_id).where(
        Instance.sop_instance_uid.in_(uids), Instance.sop_class_uid.not_in(FEEDBACK)
    )
    asked = {report.study_id for report in reports.values()}
    of_asked = select(Instance.sop_instance_uid).where(Instance.study_id.in_(asked))
    return Known(
        study_id=document.study_id,
        is_ours=document.sop_instance_uid in reports,
        reports=reports,
        images={row.sop_instance_uid: row.study_id for row in session.execute(images)},
        questions=frozenset(tracking_uid(uid, OSTEOPOROSIS.value) for uid in session.scalars(of_asked)),
    )


def documents_of(session: Session, study_id: int) -> list[KnownDocument]:
    """The documents of a study, the first that came first."""
    columns = (Instance.sop_instance_uid, Instance.sop_class_uid, Feedback.state, Feedback.reason)
    rows = session.execute(
        select(*columns, Instance.received_at, Feedback.interpreted_at)
        .join(Feedback, Feedback.instance_id == Instance.id)
        .where(Instance.study_id == study_id)
        .order_by(Instance.id)
    )
    return [KnownDocument(*row) for row in rows]


# Built once: the scheduler and the workers run them again and again.
_FEEDBACK, _INSTANCE = cast("Table", Feedback.__table__), cast("Table", Instance.__table__)
_AWAIT = insert(_FEEDBACK).from_select(
    ["instance_id", "state"],
    select(_INSTANCE.c.id, literal("waiting")).where(
        _INSTANCE.c.study_id == bindparam("of_study"),
        _INSTANCE.c.sop_class_uid.in_(FEEDBACK),
        ~select(_FEEDBACK.c.instance_id).where(_FEEDBACK.c.instance_id == _INSTANCE.c.id).exists(),
    ),
)
_WAITING = (
    select(
        _INSTANCE.c.id,
        _INSTANCE.c.study_id,
        _INSTANCE.c.sop_instance_uid,
        _INSTANCE.c.path,
        _INSTANCE.c.received_at,
        _INSTANCE.c.removed_at.is_not(None),
    )
    .join(_FEEDBACK, _FEEDBACK.c.instance_id == _INSTANCE.c.id)
    # A literal, not a parameter: the partial index is used only where the planner sees its condition.
    .where(literal_column("feedback.state = 'waiting'"))
    .order_by(_INSTANCE.c.id)
    .limit(bindparam("at_most", type_=Integer))
)
