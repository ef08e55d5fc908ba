"""Which studies a person means: by UID, when they came, accession number, or what is said of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true

from osteo_pacs.db.tables import Instance, Job, Study


@dataclass(frozen=True, slots=True)
class StudyFilter:
    """Studies for which everything that is given holds; an empty filter means every study.

    Attributes:
        since, until: when their first instance came, from ``since`` on and before ``until``.
        text: stands, in capitals or not, in one of their UIDs, in the reason of their result or of an instance, in
            the last error or the destination of a job, or in the AE title that sent an instance.
    """

    study_instance_uids: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    accession_number: str | None = None
    text: str | None = None

    def condition(self) -> ColumnElement[bool]:
        """The filter in SQL."""
        terms: list[ColumnElement[bool]] = [true()]
        if self.study_instance_uids is not None:
            terms.append(Study.study_instance_uid.in_(self.study_instance_uids))
        if self.since is not None:
            terms.append(Study.received_at >= self.since)
        if self.until is not None:
            terms.append(Study.received_at < self.until)
        if self.accession_number is not None:
            terms.append(Study.accession_number == self.accession_number)
        if self.text is not None:
            terms.append(_says(self.text))
        return and_(*terms)


def _says(text: str) -> ColumnElement[bool]:
    of_instances = (
        Instance.sop_instance_uid, Instance.series_instance_uid, Instance.calling_ae_title, Instance.reason,
    )  # fmt: skip
    instances = or_(*(column.icontains(text, autoescape=True) for column in of_instances))
    jobs = or_(*(column.icontains(text, autoescape=True) for column in (Job.last_error, Job.destination)))
    return or_(
        Study.study_instance_uid.icontains(text, autoescape=True),
        Study.result_reason.icontains(text, autoescape=True),
        select(Instance.id).where(Instance.study_id == Study.id, instances).exists(),
        select(Job.id).where(Job.study_id == Study.id, jobs).exists(),
    )
