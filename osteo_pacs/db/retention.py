"""What retention asks of a study's rows before anything of it goes, and what it then does to them.

    locked = lock_studies(session, study_ids)       # no one adds to them until the transaction ends
    for facts in facts_of(session, locked, now):    # read after the lock: what came before it is seen
        paths = mark_removed(session, facts.study_id, now)

Whoever adds an instance, a job, a report or a label to a study holds its row meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.data_sets import held_studies
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import (
    Delivery,
    Instance,
    Job,
    JobKind,
    JobState,
    Label,
    OpenAssociation,
    Report,
    Study,
)

PAGE = 200


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job of a study; ``ended_at`` is when it was completed, parked or cancelled."""

    kind: JobKind
    state: JobState
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What decides whether something of a study may go.

    Attributes:
        jobs: all of them, the oldest first.
        outcome: the newest report's; None without a report.
        deliveries: the states of the jobs that send the newest report.
        instances: how many have their files.
        size_bytes: of those, as they were received.
    """

    study_id: int
    study_instance_uid: str
    last_received_at: datetime
    completed_at: datetime | None
    has_open_association: bool
    is_labelled: bool
    is_in_data_set: bool
    jobs: tuple[JobFacts, ...]
    outcome: str | None
    deliveries: tuple[JobState, ...]
    instances: int
    size_bytes: int

    @property
    def active_at(self) -> datetime:
        """When something last came of it, or was last done for it."""
        times = (self.last_received_at, self.completed_at, *(job.ended_at for job in self.jobs))
        return max(time for time in times if time)


def walk(
    database: Database, now: datetime, *, has_files: bool, before: datetime | None = None
) -> Iterator[StudyFacts]:
    """The studies with files, or those without, the one first that was heard of longest ago.

    ``before`` leaves out those that were heard of later.
    """
    page = select(Study.id).where(_has_files() if has_files else ~_has_files()).limit(PAGE)
    page = page.order_by(Study.last_received_at, Study.id)
    if before is not None:
        page = page.where(Study.last_received_at <= before)
    rest = page
    while True:
        # A transaction a page: on SQLite nobody commits while one reads.
        with database.read() as session:
            found = facts_of(session, session.scalars(rest).all(), now)
        yield from found
        if len(found) < PAGE:
            return
        last_at, last_id = found[-1].last_received_at, found[-1].study_id
        is_later = and_(Study.last_received_at == last_at, Study.id > last_id)
        rest = page.where(or_(Study.last_received_at > last_at, is_later))


def lock_studies(session: Session, study_ids: Sequence[int]) -> list[int]:
    """Those of these studies that no one else is writing to; no one will until the transaction ends."""
    wanted = select(Study.id).where(Study.id.in_(study_ids)).order_by(Study.id)
    return list(session.scalars(wanted.with_for_update(skip_locked=True)))


def facts_of(session: Session, study_ids: Sequence[int], now: datetime) -> list[StudyFacts]:
    """The facts of these studies, the one first that was heard of longest ago."""
    sending = _open_associations(session, study_ids, now)
    labelled = _labelled(session, study_ids)
    in_data_sets = held_studies(session, study_ids)
    jobs, outcomes = _jobs(session, study_ids), _newest_outcomes(session, study_ids)
    deliveries = _deliveries(session, study_ids)
    kept = _kept(session, study_ids)
    columns = (Study.id, Study.study_instance_uid, Study.last_received_at, Study.completed_at)
    studies = select(*columns).where(Study.id.in_(study_ids)).order_by(Study.last_received_at, Study.id)
    return [
        StudyFacts(
            study_id=row.id,
            study_instance_uid=row.study_instance_uid,
            last_received_at=row.last_received_at,
            completed_at=row.completed_at,
            has_open_association=row.id in sending,
            is_labelled=row.id in labelled,
            is_in_data_set=row.id in in_data_sets,
            jobs=tuple(jobs[row.id]),
            outcome=outcomes.get(row.id),
            deliveries=tuple(deliveries[row.id]),
            instances=kept[row.id][0],
            size_bytes=kept[row.id][1],
        )
        for row in session.execute(studies)
    ]


def mark_removed(session: Session, study_id: int, now: datetime) -> list[str]:
    """The study's instances have no files from now on; returns the paths that go after the commit."""
    kept = (Instance.study_id == study_id, Instance.removed_at.is_(None))
    return list(session.scalars(update(Instance).where(*kept).values(removed_at=now).returning(Instance.path)))


def find(session: Session, study_instance_uid: str) -> int | None:
    """The number of the study of this UID."""
    return session.scalar(select(Study.id).where(Study.study_instance_uid == study_instance_uid))


def files_of(session: Session, study_id: int) -> dict[str, str]:
    """The paths of a study's instances by their SOP Instance UIDs, also of those that were given up."""
    rows = session.execute(select(Instance.sop_instance_uid, Instance.path).where(Instance.study_id == study_id))
    return {row.sop_instance_uid: row.path for row in rows}


def forget(session: Session, study_id: int) -> None:
    """The study was never here: its jobs, reports, documents and deliveries go with it."""
    session.execute(delete(Study).where(Study.id == study_id))


def _has_files() -> Any:
    return select(Instance.id).where(Instance.study_id == Study.id, Instance.removed_at.is_(None)).exists()


def _labelled(session: Session, study_ids: Sequence[int]) -> set[int]:
    """Those that were called positive or negative; what is excluded alone is not trained or tested on."""
    wanted = select(Label.study_id).where(Label.study_id.in_(study_ids), Label.is_positive.is_not(None))
    return set(session.scalars(wanted))


def _open_associations(session: Session, study_ids: Sequence[int], now: datetime) -> set[int]:
    is_open = OpenAssociation.expires_at > now
    wanted = select(OpenAssociation.study_id).where(OpenAssociation.study_id.in_(study_ids), is_open)
    return set(session.scalars(wanted))


def _jobs(session: Session, study_ids: Sequence[int]) -> dict[int, list[JobFacts]]:
    ended_at = func.coalesce(Job.completed_at, Job.parked_at, Job.cancelled_at)
    rows = session.execute(
        select(Job.study_id, Job.kind, Job.state, ended_at).where(Job.study_id.in_(study_ids)).order_by(Job.id)
    )
    jobs: dict[int, list[JobFacts]] = defaultdict(list)
    for study_id, kind, state, at in rows:
        jobs[study_id].append(JobFacts(JobKind(kind), JobState(state), at))
    return jobs


def _newest_outcomes(session: Session, study_ids: Sequence[int]) -> dict[int, str]:
    rows = select(Report.study_id, Report.outcome).where(Report.study_id.in_(study_ids)).order_by(Report.revision)
    return {row.study_id: row.outcome for row in session.execute(rows)}


def _deliveries(session: Session, study_ids: Sequence[int]) -> dict[int, list[JobState]]:
    newest = select(func.max(Report.id)).where(Report.study_id.in_(study_ids)).group_by(Report.study_id)
    rows = session.execute(
        select(Job.study_id, Job.state)
        .join(Delivery, Delivery.job_id == Job.id)
        .where(Delivery.report_id.in_(newest))
    )
    states: dict[int, list[JobState]] = defaultdict(list)
    for study_id, state in rows:
        states[study_id].append(JobState(state))
    return states


def _kept(session: Session, study_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        select(Instance.study_id, func.count(), func.sum(Instance.size_bytes))
        .where(Instance.study_id.in_(study_ids), Instance.removed_at.is_(None))
        .group_by(Instance.study_id)
    )
    counted = {study_id: (count, int(size_bytes)) for study_id, count, size_bytes in rows}
    return defaultdict(lambda: (0, 0), counted)
