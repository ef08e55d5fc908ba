"""The version that reads beside the one in service, what is still to be read by it, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_if_absent
from osteo_pacs.db.labels import counting_labels
from osteo_pacs.db.tables import Report, Shadow, ShadowReading
from osteo_pacs.labels.effective import LabelRules

NOT_ENDED = "the reading did not end"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Cast:
    """A shadow: reports above ``after_report_id`` are read by it, too."""

    model_version_id: int
    after_report_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class ToRead:
    """A report whose input the shadow has not read; its study's number."""

    report_id: int
    study_id: int
    input_digest: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a shadow said: ``outcome`` is positive, negative, refused or failed, the last with its reason."""

    outcome: str
    probability: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """What both said of one input; ``label`` is the one of the study that counts, None without."""

    study_id: int
    outcome: str
    probability: float | None
    shadow_outcome: str
    shadow_probability: float | None
    label: bool | None


def current(session: Session) -> Cast | None:
    """The shadow, where there is one."""
    row = session.scalars(select(Shadow)).one_or_none()
    return Cast(row.model_version_id, row.after_report_id, row.since) if row else None


def cast(session: Session, model_version_id: int, now: datetime) -> None:
    """This version reads from the next report on, in place of another."""
    end(session)
    after = session.scalar(select(func.max(Report.id))) or 0
    session.add(Shadow(id=1, model_version_id=model_version_id, after_report_id=after, since=now))
    session.flush()


def end(session: Session) -> None:
    """There is no shadow; what it said stays."""
    session.execute(delete(Shadow))


def next_to_read(session: Session, cast: Cast, limit: int) -> list[ToRead]:
    """Reports of other versions that the shadow has not tried, the oldest first."""
    tried = exists().where(
        ShadowReading.report_id == Report.id, ShadowReading.model_version_id == cast.model_version_id
    )
    wanted = (
        select(Report.id, Report.study_id, Report.input_digest)
        .where(Report.id > cast.after_report_id, Report.model_version_id != cast.model_version_id, ~tried)
        .order_by(Report.id)
        .limit(limit)
    )
    return [ToRead(*row) for row in session.execute(wanted)]


def begin(session: Session, model_version_id: int, report_id: int, now: datetime) -> bool:
    """The shadow tries this report, once; False: it did. A reading that ends its process so counts as failed."""
    values = {
        "model_version_id": model_version_id,
        "report_id": report_id,
        "outcome": FAILED,
        "reason": NOT_ENDED,
        "created_at": now,
    }
    return insert_if_absent(session, ShadowReading, values, ("model_version_id", "report_id")) is not None


def conclude(session: Session, model_version_id: int, report_id: int, said: Said) -> None:
    """What came of a reading that was begun."""
    of_this = (ShadowReading.model_version_id == model_version_id, ShadowReading.report_id == report_id)
    told = {"outcome": said.outcome, "probability": said.probability, "reason": said.reason and said.reason[:255]}
    session.execute(update(ShadowReading).where(*of_this).values(**told))


def pairs(session: Session, model_version_id: int, rules: LabelRules) -> list[Pair]:
    """Everything that this version said as shadow, beside what the version in service said, the oldest first."""
    said = (ShadowReading.outcome, ShadowReading.probability)
    wanted = (
        select(Report.study_id, Report.outcome, Report.probability, *said)
        .join(ShadowReading, ShadowReading.report_id == Report.id)
        .where(ShadowReading.model_version_id == model_version_id)
        .order_by(Report.id)
    )
    found = session.execute(wanted).all()
    labels = counting_labels(session, (row[0] for row in found), rules)
    return [Pair(*row, label=labels.get(row[0])) for row in found]
