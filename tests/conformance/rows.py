"""Rows that a test needs and does not talk about."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from sqlalchemy import select

from osteo_pacs.db.tables import Job, JobKind, Study
from osteo_pacs.jobs import queue

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_serial = itertools.count(1)


def add_study(database, *, now=NOW) -> int:
    """A study that is complete."""
    with database.write() as session:
        study = Study(
            study_instance_uid=f"2.25.{next(_serial)}",
            received_at=now,
            opened_at=now,
            last_received_at=now,
            completed_at=now,
            complete_reason="quiet",
        )
        session.add(study)
        session.flush()
        return study.id


def add_jobs(database, count=1, *, study_id=None, kind=JobKind.INFER, destination=None, priority=0, now=NOW):
    """Ids of new jobs that are due."""
    study_id = study_id or add_study(database)
    with database.write() as session:
        return [
            queue.enqueue(
                session,
                kind=kind,
                study_id=study_id,
                dedupe_key=f"{kind}:{next(_serial)}",
                now=now,
                priority=priority,
                destination=destination,
            )
            for _ in range(count)
        ]


def claim(database, *, kind=JobKind.INFER, limit=1, worker="w", lease_s=60.0, destinations=None):
    """What a worker of this kind gets."""
    return queue.claim(database, kind=kind, worker=worker, lease_s=lease_s, limit=limit, destinations=destinations)


def job(database, job_id) -> Job:
    """The row as it stands."""
    with database.read() as session:
        return session.scalars(select(Job).where(Job.id == job_id)).one()


def expire(database, job_id) -> None:
    """Ends a lease, as time would."""
    with database.write() as session:
        session.get_one(Job, job_id).lease_expires_at = NOW
