"""Has complete studies read again because a person says so.

    for done in reprocess(session, [7, 8], active_model_version_id=3, again=False, now=now):
        ...                     # each study with what was decided, and its job where it is read

The same input set with the same model version gives no second report. A person who wants one all the same counts
the study's repetition up, which is part of the name of the input set: the new report names the one before, and
nothing that was sent is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from osteo_pacs.db.tables import Instance, Job, JobKind, JobState, Report, Study
from osteo_pacs.dicom.sop_classes import IMAGES
from osteo_pacs.jobs import admin
from osteo_pacs.jobs.filters import JobFilter
from osteo_pacs.jobs.queue import enqueue
from osteo_pacs.jobs.states import LIVE


class Decision(StrEnum):
    """What was decided on a study that a person wants read again."""

    READ_AGAIN = "read_again"
    RECEIVING = "receiving"
    QUEUED = "queued"
    REMOVED = "removed"
    READ_BEFORE = "read_before"


@dataclass(frozen=True, slots=True)
class Reprocessed:
    """A study, what was decided, and the job that reads it; None where it is not read."""

    study_id: int
    study_instance_uid: str
    decision: Decision
    job_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    study_id: int
    study_instance_uid: str
    is_complete: bool
    job_id: int | None
    job_state: str | None
    model_version_id: int | None
    removed: int


def decide(
    session: Session, study_ids: Sequence[int], *, active_model_version_id: int | None, again: bool
) -> list[Reprocessed]:
    """What ``reprocess`` would do now, in the order of the studies' numbers; changes nothing."""
    return [
        Reprocessed(
            study.study_id, study.study_instance_uid, _decision(study, active_model_version_id, again=again)
        )
        for study in _facts(session, study_ids)
    ]


def reprocess(
    session: Session, study_ids: Sequence[int], *, active_model_version_id: int | None, again: bool, now: datetime
) -> list[Reprocessed]:
    """Has these studies read again where possible, and tells of each; meanwhile no instance is added to them."""
    session.execute(select(Study.id).where(Study.id.in_(study_ids)).order_by(Study.id).with_for_update()).all()
    done = []
    for study in _facts(session, study_ids):
        decision = _decision(study, active_model_version_id, again=again)
        job_id = _read(session, study, again=again, now=now) if decision is Decision.READ_AGAIN else None
        done.append(Reprocessed(study.study_id, study.study_instance_uid, decision, job_id))
    return done


def _decision(study: _Facts, active_model_version_id: int | None, *, again: bool) -> Decision:
    if not study.is_complete:
        return Decision.RECEIVING
    if study.job_state in LIVE:
        return Decision.QUEUED
    if study.removed:
        return Decision.REMOVED
    is_read = study.job_state == JobState.COMPLETED and study.model_version_id is not None
    if is_read and study.model_version_id == active_model_version_id and not again:
        return Decision.READ_BEFORE
    return Decision.READ_AGAIN


def _read(session: Session, study: _Facts, *, again: bool, now: datetime) -> int:
    if again:
        more = update(Study).where(Study.id == study.study_id).values(repetition=Study.repetition + 1)
        session.execute(more)
    if study.job_id is not None and study.job_state != JobState.COMPLETED:
        # A reading that is parked or cancelled is taken up again: beside a new one it would wait for ever.
        admin.retry(session, JobFilter(job_ids=[study.job_id]), now)
        return study.job_id
    key = f"infer:{study.study_id}:after:{study.job_id or 0}"
    job_id = enqueue(session, kind=JobKind.INFER, study_id=study.study_id, dedupe_key=key, now=now)
    assert job_id is not None  # noqa: S101 - the study is locked, and its newest reading is another one
    return job_id


def _facts(session: Session, study_ids: Sequence[int]) -> list[_Facts]:
    reading, report = aliased(Job), aliased(Report)
    of_study = select(func.max(reading.id)).where(reading.study_id == Study.id, reading.kind == JobKind.INFER)
    newest = select(func.max(report.id)).where(report.study_id == Study.id)
    removed = select(func.count()).where(
        Instance.study_id == Study.id, Instance.removed_at.is_not(None), Instance.sop_class_uid.in_(IMAGES)
    )
    statement = (
        select(
            Study.id, Study.study_instance_uid, Study.completed_at.is_not(None), Job.id, Job.state,
            Report.model_version_id, removed.scalar_subquery(),
        )
        .select_from(Study)
        .outerjoin(Job, Job.id == of_study.scalar_subquery())
        .outerjoin(Report, Report.id == newest.scalar_subquery())
        .where(Study.id.in_(study_ids))
        .order_by(Study.id)
    )  # fmt: skip
    return [_Facts(*row) for row in session.execute(statement)]
