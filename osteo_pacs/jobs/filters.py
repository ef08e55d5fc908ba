"""Which jobs a person means: by number, state, kind, destination, study, age."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import aliased

from osteo_pacs.db.tables import Delivery, Job, JobKind, JobState, Report, Study


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Jobs for which everything that is given holds; an empty filter means every job.

    Attributes:
        still_before: they ended before then, or were enqueued before then where they have not ended.
        is_spare: how their studies stand is told without them.
    """

    job_ids: Collection[int] | None = None
    states: Collection[JobState] | None = None
    kind: JobKind | None = None
    destination: str | None = None
    study_instance_uid: str | None = None
    still_before: datetime | None = None
    is_spare: bool = False

    def within(self, states: Collection[JobState]) -> JobFilter:
        """Those of these jobs that are in one of ``states``."""
        wanted = frozenset(states)
        return replace(self, states=wanted if self.states is None else wanted & frozenset(self.states))

    def condition(self) -> ColumnElement[bool]:
        """The filter in SQL."""
        terms: list[ColumnElement[bool]] = [true()]
        if self.job_ids is not None:
            terms.append(Job.id.in_(self.job_ids))
        if self.states is not None:
            terms.append(Job.state.in_(self.states))
        if self.kind is not None:
            terms.append(Job.kind == self.kind)
        if self.destination is not None:
            terms.append(Job.destination == self.destination)
        if self.study_instance_uid is not None:
            study_id = select(Study.id).where(Study.study_instance_uid == self.study_instance_uid)
            terms.append(Job.study_id.in_(study_id))
        if self.still_before is not None:
            ended_at = func.coalesce(Job.completed_at, Job.parked_at, Job.cancelled_at, Job.enqueued_at)
            terms.append(ended_at < self.still_before)
        if self.is_spare:
            terms.append(~_tells_how_its_study_stands())
        return and_(*terms)


def _tells_how_its_study_stands() -> ColumnElement[bool]:
    """The newest reading of a study, and the deliveries of its newest report."""
    other, report = aliased(Job), aliased(Report)
    readings = select(func.max(other.id)).where(other.study_id == Job.study_id, other.kind == JobKind.INFER)
    newest = select(func.max(report.id)).where(report.study_id == Job.study_id).correlate(Job)
    sends = select(Delivery.id).where(Delivery.job_id == Job.id, Delivery.report_id == newest.scalar_subquery())
    is_newest = and_(Job.kind == JobKind.INFER, Job.id == readings.correlate(Job).scalar_subquery())
    return or_(is_newest, sends.correlate(Job).exists())
