"""Which jobs a person means: by number, state, kind, destination, study."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select, true

from osteo_pacs.db.tables import Job, JobKind, JobState, Study


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Jobs for which everything that is given holds; an empty filter means every job."""

    job_ids: Collection[int] | None = None
    states: Collection[JobState] | None = None
    kind: JobKind | None = None
    destination: str | None = None
    study_instance_uid: str | None = None

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
        return and_(*terms)
