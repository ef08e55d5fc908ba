"""When a study is whole: DICOM does not say, so quiet or a deadline does. The scheduler asks; the queue is told.

Marking the study and enqueuing its job are one transaction: no crash leaves a whole study that nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from osteo_pacs.clock import Clock
from osteo_pacs.config.sections import Completeness
from osteo_pacs.db.feedback import await_interpretation
from osteo_pacs.db.session import Database, Session
from osteo_pacs.db.studies import OpenStudy, find_open_studies, instance_uids, mark_complete
from osteo_pacs.db.tables import JobKind
from osteo_pacs.dicom.sop_classes import IMAGES
from osteo_pacs.findings import input_digest
from osteo_pacs.jobs.queue import enqueue

BATCH = 100
TOGETHER_S = 0.01


class CompleteReason(StrEnum):
    """Why a study was taken as whole."""

    QUIET = "quiet"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class CompletedStudy:
    """A study that has just become whole; without a job where the same instances were read before."""

    study_id: int
    reason: CompleteReason
    job_id: int | None
    images: int


def complete_reason(
    study: OpenStudy, now: datetime, *, quiet: timedelta, max_wait: timedelta
) -> CompleteReason | None:
    """Why the study is whole now; None while its instances may still come.

    It is when no open association has sent for it and ``quiet`` has passed since its last instance, or when
    ``max_wait`` has passed since its first new one.
    """
    if now - study.opened_at >= max_wait:
        return CompleteReason.DEADLINE
    if now - study.last_received_at >= quiet and not study.has_open_association:
        return CompleteReason.QUIET
    return None


def complete_studies_until(
    database: Database,
    until: datetime,
    completeness: Completeness,
    on_complete: Callable[[CompletedStudy], None],
    *,
    now: Clock,
    sleep: Callable[[float], None],
) -> None:
    """Completes what is whole, and what will be by ``until``, each at its moment.

    Raises:
        DatabaseUnavailable: the next call does the rest.
    """
    while now() < until and (due_at := _next_due_at(database, until, completeness)) is not None:
        # Studies that become whole almost at once go together.
        sleep(max((due_at - now()).total_seconds(), 0.0) + TOGETHER_S)
        complete_due_studies(database, now(), completeness, on_complete)


def complete_due_studies(
    database: Database,
    now: datetime,
    completeness: Completeness,
    on_complete: Callable[[CompletedStudy], None],
) -> int:
    """Marks the studies that are whole, enqueues their INFER jobs, and tells of each once that is committed.

    Raises:
        DatabaseUnavailable: the next call does it.
    """
    with database.read() as session:
        # While nothing is due, no write lock is taken.
        if not _due(_find(session, now, completeness, lock=False), now, completeness):
            return 0
    with database.write() as session:
        due = _due(_find(session, now, completeness, lock=True), now, completeness)
        completed = [_complete(session, study, reason, now) for study, reason in due]
    for study in completed:
        on_complete(study)
    return len(completed)


def _next_due_at(database: Database, until: datetime, completeness: Completeness) -> datetime | None:
    """When the next study is whole if nothing more comes for it; None where none is by ``until``."""
    quiet = timedelta(seconds=completeness.quiet_s)
    max_wait = timedelta(seconds=completeness.max_wait_s)
    with database.read() as session:
        studies = _find(session, until, completeness, lock=False)
    return min((_due_at(study, quiet, max_wait) for study in studies), default=None)


def _due_at(study: OpenStudy, quiet: timedelta, max_wait: timedelta) -> datetime:
    deadline = study.opened_at + max_wait
    return deadline if study.has_open_association else min(study.last_received_at + quiet, deadline)


def _find(session: Session, now: datetime, completeness: Completeness, *, lock: bool) -> list[OpenStudy]:
    return find_open_studies(
        session,
        now,
        quiet_since=now - timedelta(seconds=completeness.quiet_s),
        opened_before=now - timedelta(seconds=completeness.max_wait_s),
        limit=BATCH,
        lock=lock,
    )


def _due(
    studies: list[OpenStudy], now: datetime, completeness: Completeness
) -> list[tuple[OpenStudy, CompleteReason]]:
    quiet = timedelta(seconds=completeness.quiet_s)
    max_wait = timedelta(seconds=completeness.max_wait_s)
    judged = ((study, complete_reason(study, now, quiet=quiet, max_wait=max_wait)) for study in studies)
    return [(study, reason) for study, reason in judged if reason]


def _complete(session: Session, study: OpenStudy, reason: CompleteReason, now: datetime) -> CompletedStudy:
    mark_complete(session, study.study_id, now=now, reason=reason)
    await_interpretation(session, study.study_id)
    uids = instance_uids(session, study.study_id, IMAGES)
    job_id = enqueue(
        session,
        kind=JobKind.INFER,
        study_id=study.study_id,
        dedupe_key=f"infer:{study.study_id}:{input_digest(uids)}",
        now=now,
    )
    return CompletedStudy(study.study_id, reason, job_id, len(uids))
