"""A study's instances as the worker sees them, and what it decided on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Instance, Study
from osteo_pacs.dicom.sop_classes import IMAGES

REASON_LIMIT = 255


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance; ``path`` is relative to the spool's folder, and nothing lies there where it ``is_removed``."""

    id: int
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    path: str
    is_removed: bool = False

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


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study by its UID; ``repetition`` is how often a person has asked for another report of the same images."""

    study_instance_uid: str
    repetition: int


def study_of(session: Session, study_id: int) -> StudyRow:
    """The study of this number.

    Raises:
        NoResultFound: there is no such study.
    """
    return StudyRow(*session.execute(_STUDY_ROW, {"of_study": study_id}).one())


def instances_of(session: Session, study_id: int) -> list[InstanceRow]:
    """The study's instances in the order in which they came."""
    return [InstanceRow(*row) for row in session.execute(_INSTANCES, {"of_study": study_id})]


def record_decisions(session: Session, decisions: Iterable[InstanceDecision]) -> None:
    """Keeps each decision with its instance."""
    rows = [
        {
            "of_instance": decision.instance_id,
            "is_selected": decision.is_selected,
            "reason": decision.reason[:REASON_LIMIT],
            **({"pixel_digest": decision.pixel_digest} if decision.pixel_digest else {}),
        }
        for decision in decisions
    ]
    # Rows of one shape go to the database together.
    for has_digest in (True, False):
        if alike := [row for row in rows if ("pixel_digest" in row) is has_digest]:
            session.execute(_DECIDE, alike)


def record_result_reason(session: Session, study_id: int, reason: str | None) -> None:
    """Why the study's last reading gave no report; None where it gave one."""
    session.execute(_SAY_WHY, {"of_study": study_id, "result_reason": reason[:REASON_LIMIT] if reason else None})


# Built once: a worker runs them for every study, and building a statement costs more than running it does.
_STUDY, _INSTANCE = cast("Table", Study.__table__), cast("Table", Instance.__table__)
_STUDY_ROW = select(_STUDY.c.study_instance_uid, _STUDY.c.repetition).where(_STUDY.c.id == bindparam("of_study"))
_INSTANCES = (
    select(
        _INSTANCE.c.id,
        _INSTANCE.c.sop_class_uid,
        _INSTANCE.c.sop_instance_uid,
        _INSTANCE.c.series_instance_uid,
        _INSTANCE.c.path,
        _INSTANCE.c.removed_at.is_not(None),
    )
    .where(_INSTANCE.c.study_id == bindparam("of_study"))
    .order_by(_INSTANCE.c.id)
)
_DECIDE = update(_INSTANCE).where(_INSTANCE.c.id == bindparam("of_instance"))
_SAY_WHY = update(_STUDY).where(_STUDY.c.id == bindparam("of_study"))
