"""How far each study is, told from its rows; nothing here is stored.

    receiving -> queued -> reading -> reported -> delivered
                                 '--> nothing_to_read

A study is ``parked`` where a person is needed, and ``cancelled`` where one has stopped it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from osteo_pacs.db.tables import Delivery, Instance, Job, JobKind, JobState, Report, Study
from osteo_pacs.jobs.states import LIVE
from osteo_pacs.jobs.study_filter import StudyFilter

EVERY_STUDY = StudyFilter()
STUDIES_AT_ONCE = 200


class StudyState(StrEnum):
    """How far a study is."""

    RECEIVING = "receiving"
    QUEUED = "queued"
    READING = "reading"
    REPORTED = "reported"
    DELIVERED = "delivered"
    NOTHING_TO_READ = "nothing_to_read"
    PARKED = "parked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the state is told from.

    Attributes:
        reading: the state of the newest INFER job.
        deliveries: the states of the DELIVER jobs of the newest report.
    """

    is_complete: bool
    reading: JobState | None
    has_report: bool
    deliveries: tuple[JobState, ...] = ()


@dataclass(frozen=True, slots=True)
class StudySummary:
    """A study as it is shown; ``outcome`` is its newest report's, ``result_reason`` why a reading gave none."""

    study_id: int
    study_instance_uid: str
    state: StudyState
    instances: int
    received_at: datetime
    last_received_at: datetime
    complete_reason: str | None
    completed_at: datetime | None
    outcome: str | None
    result_reason: str | None


@dataclass(frozen=True, slots=True)
class InstanceSummary:
    """An instance as it is shown; ``is_selected`` is None while nothing has looked at it.

    ``removed_at`` is when retention took its file.
    """

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    is_selected: bool | None
    reason: str | None
    size_bytes: int
    calling_ae_title: str
    received_at: datetime
    removed_at: datetime | None


def state_of(facts: Facts) -> StudyState:
    """The state that these facts mean."""
    if not facts.is_complete:
        return StudyState.RECEIVING
    if facts.reading is not JobState.COMPLETED:
        return _BEFORE_THE_READING[facts.reading]
    if not facts.has_report:
        return StudyState.NOTHING_TO_READ
    return _state_of_deliveries(frozenset(facts.deliveries))


_BEFORE_THE_READING = {
    None: StudyState.QUEUED,
    JobState.AVAILABLE: StudyState.QUEUED,
    JobState.RETRYABLE: StudyState.QUEUED,
    JobState.CLAIMED: StudyState.READING,
    JobState.PARKED: StudyState.PARKED,
    JobState.CANCELLED: StudyState.CANCELLED,
}


def _state_of_deliveries(states: frozenset[JobState]) -> StudyState:
    if JobState.PARKED in states:
        return StudyState.PARKED
    if not states or states & LIVE:
        return StudyState.REPORTED
    return StudyState.DELIVERED if JobState.COMPLETED in states else StudyState.CANCELLED


def list_studies(
    session: Session,
    *,
    limit: int | None = None,
    states: Collection[StudyState] | None = None,
    wanted: StudyFilter = EVERY_STUDY,
) -> list[StudySummary]:
    """The studies that came last, the latest first, of those that are wanted and in one of the states.

    Every one of them where there is no limit.
    """
    page = STUDIES_AT_ONCE if limit is None else min(limit, STUDIES_AT_ONCE)
    found = _newest_first(session, wanted, page)
    return list(islice((study for study in found if states is None or study.state in states), limit))


def find_study(session: Session, study_instance_uid: str) -> StudySummary | None:
    """The study of this UID."""
    rows = session.execute(_statement().where(Study.study_instance_uid == study_instance_uid)).all()
    return next(iter(_summaries(session, rows)), None)


def list_instances(session: Session, study_id: int) -> list[InstanceSummary]:
    """The instances of a study in the order in which they came."""
    columns = (
        Instance.sop_instance_uid, Instance.sop_class_uid, Instance.transfer_syntax_uid, Instance.is_selected,
        Instance.reason, Instance.size_bytes, Instance.calling_ae_title, Instance.received_at, Instance.removed_at,
    )  # fmt: skip
    rows = session.execute(select(*columns).where(Instance.study_id == study_id).order_by(Instance.id))
    return [InstanceSummary(*row) for row in rows]


def _newest_first(session: Session, wanted: StudyFilter, page: int) -> Iterator[StudySummary]:
    before_id: int | None = None
    while True:
        statement = _statement().where(wanted.condition()).order_by(Study.id.desc()).limit(page)
        if before_id is not None:
            statement = statement.where(Study.id < before_id)
        rows = session.execute(statement).all()
        yield from _summaries(session, rows)
        if len(rows) < page:
            return
        before_id = rows[-1].id


def _statement() -> Select[Any]:
    instances = select(func.count()).where(Instance.study_id == Study.id).scalar_subquery()
    of_study = select(Job.state).where(Job.study_id == Study.id, Job.kind == JobKind.INFER)
    reading = of_study.order_by(Job.id.desc()).limit(1).scalar_subquery()
    newest = aliased(Report)
    newest_id = select(func.max(newest.id)).where(newest.study_id == Study.id).scalar_subquery()
    return select(
        Study.id, Study.study_instance_uid, Study.received_at, Study.last_received_at, Study.complete_reason,
        Study.completed_at, Study.result_reason, instances.label("instances"), reading.label("reading"),
        Report.id.label("report_id"), Report.outcome,
    ).join(Report, Report.id == newest_id, isouter=True)  # fmt: skip


def _summaries(session: Session, rows: Sequence[Any]) -> Iterator[StudySummary]:
    deliveries = _delivery_states(session, [row.report_id for row in rows if row.report_id is not None])
    for row in rows:
        facts = Facts(
            is_complete=row.completed_at is not None,
            reading=JobState(row.reading) if row.reading else None,
            has_report=row.report_id is not None,
            deliveries=tuple(deliveries.get(row.report_id, ())),
        )
        yield StudySummary(
            row.id, row.study_instance_uid, state_of(facts), row.instances, row.received_at, row.last_received_at,
            row.complete_reason, row.completed_at, row.outcome, row.result_reason,
        )  # fmt: skip


def _delivery_states(session: Session, report_ids: Sequence[int]) -> dict[int, list[JobState]]:
    statement = (
        select(Delivery.report_id, Job.state)
        .join(Job, Job.id == Delivery.job_id)
        .where(Delivery.report_id.in_(report_ids))
    )
    states: dict[int, list[JobState]] = defaultdict(list)
    for report_id, state in session.execute(statement):
        states[report_id].append(JobState(state))
    return states
