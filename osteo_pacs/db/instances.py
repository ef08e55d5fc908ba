"""A study's instances as the worker sees them, and what it decided on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Instance, Study
from osteo_pacs.dicom.sop_classes import IMAGES

REASON_LIMIT = 255


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance in the spool; ``path`` is relative to the spool's folder."""

    id: int
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    path: str

    @property
    def is_image(self) -> bool:
        """Whether its SOP Class has pixels that may be read."""
        return self.sop_class_uid in IMAGES


@dataclass(frozen=True, slots=True)
class InstanceDecision:
    """Whether an instance was read, and why or why not; ``pixel_digest`` where its pixels were decoded."""

    instance_id: int
    is_selected: bool
    reason: str
    pixel_digest: str | None = None


def study_instance_uid(session: Session, study_id: int) -> str:
    """The study's UID.

    Raises:
        NoResultFound: there is no such study.
    """
    return session.scalars(select(Study.study_instance_uid).where(Study.id == study_id)).one()


def instances_of(session: Session, study_id: int) -> list[InstanceRow]:
    """The study's instances in the order in which they came."""
    columns = (
        Instance.id,
        Instance.sop_class_uid,
        Instance.sop_instance_uid,
        Instance.series_instance_uid,
        Instance.path,
    )
    rows = session.execute(select(*columns).where(Instance.study_id == study_id).order_by(Instance.id))
    return [InstanceRow(*row) for row in rows]


def record_decisions(session: Session, decisions: Iterable[InstanceDecision]) -> None:
    """Keeps each decision with its instance."""
    rows = [
        {
            "id": decision.instance_id,
            "is_selected": decision.is_selected,
            "reason": decision.reason[:REASON_LIMIT],
            **({"pixel_digest": decision.pixel_digest} if decision.pixel_digest else {}),
        }
        for decision in decisions
    ]
    # Rows of one shape go to the database together.
    for has_digest in (True, False):
        if alike := [row for row in rows if ("pixel_digest" in row) is has_digest]:
            session.execute(update(Instance), alike)


def record_result_reason(session: Session, study_id: int, reason: str | None) -> None:
    """Why the study's last reading gave no report; None where it gave one."""
    values = {"result_reason": reason[:REASON_LIMIT] if reason else None}
    session.execute(update(Study).where(Study.id == study_id).values(values))
