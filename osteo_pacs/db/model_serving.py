"""Which model version each worker process reads with, and which one it could not load: each tells of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_into
from osteo_pacs.db.tables import ModelServing

SEEN_EVERY_S = 60.0
GONE_AFTER = timedelta(seconds=3 * SEEN_EVERY_S)
"""A worker that has not told of itself for so long is taken as gone."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A worker and its model version; ``failure`` says why it still reads with that one."""

    worker: str
    model_version_id: int
    since: datetime
    seen_at: datetime
    failed_model_version_id: int | None
    failure: str | None


def record_serving(session: Session, worker: str, model_version_id: int, now: datetime) -> None:
    """The worker reads with this version from now on."""
    values = {"model_version_id": model_version_id, "since": now, "seen_at": now}
    values |= {"failed_model_version_id": None, "failure": None}
    statement = insert_into(session, ModelServing).values(worker=worker, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["worker"], set_=values))


def record_failure(session: Session, worker: str, failed_model_version_id: int, failure: str) -> None:
    """The worker could not load this version and keeps the one that it has."""
    told = {"failed_model_version_id": failed_model_version_id, "failure": failure[:1024]}
    session.execute(update(ModelServing).where(ModelServing.worker == worker).values(**told))


def record_seen(session: Session, worker: str, now: datetime) -> None:
    """The worker is still there."""
    session.execute(update(ModelServing).where(ModelServing.worker == worker).values(seen_at=now))


def forget(session: Session, workers: Iterable[str]) -> None:
    """These workers have ended."""
    session.execute(delete(ModelServing).where(ModelServing.worker.in_(list(workers))))


def list_serving(session: Session, now: datetime | None = None) -> list[Serving]:
    """Every worker that told of itself; with ``now``, those that are taken as gone are left out."""
    wanted = select(ModelServing).order_by(ModelServing.worker)
    if now is not None:
        wanted = wanted.where(ModelServing.seen_at > now - GONE_AFTER)
    return [
        Serving(row.worker, row.model_version_id, row.since, row.seen_at, row.failed_model_version_id, row.failure)
        for row in session.scalars(wanted)
    ]
