"""The queue as workers see it.

    enqueue(session, kind=JobKind.INFER, study_id=7, dedupe_key="infer:7:3f...", now=now)

    for held in claim(database, kind=JobKind.INFER, worker="host:4711", lease_s=60, limit=8):
        ...                                     # and every few seconds: heartbeat(database, held, lease_s=60)
        with database.write() as session:       # results and completion: both or neither
            complete(session, held, now)        # or retry_at, park, release

A claim is one short transaction. Whoever claimed names its token in every later change, and a change that
matches no row raises ClaimLost, so that the transaction around it leaves nothing behind.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_if_absent
from osteo_pacs.db.session import Database, database_now
from osteo_pacs.db.tables import Job, JobKind, JobState
from osteo_pacs.errors import RetryableError
from osteo_pacs.jobs import lanes
from osteo_pacs.jobs.lanes import JOB
from osteo_pacs.jobs.states import entering

AnyRow = Row[*tuple[Any, ...]]
PROMOTED_AT_ONCE = 200
"""Retryable jobs that one claim makes available, at most."""
LAST_ERROR_LENGTH = 1024


class ClaimLost(RetryableError):
    """The job was taken away from this worker: its lease expired, or it was cancelled."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job until ``lease_expires_at``, on the database's clock.

    ``attempts`` counts this one. Giving up after a time is counted from ``enqueued_at``.
    """

    job_id: int
    kind: JobKind
    study_id: int
    destination: str | None
    attempts: int
    token: int
    claimed_at: datetime
    lease_expires_at: datetime
    enqueued_at: datetime


def enqueue(
    session: Session,
    *,
    kind: JobKind,
    study_id: int,
    dedupe_key: str,
    now: datetime,
    priority: int = 0,
    destination: str | None = None,
) -> int | None:
    """Adds a job and returns its id; None where work of this ``dedupe_key`` was enqueued before, in any state.

    A DELIVER job names its destination, other kinds have none. A smaller priority is claimed sooner.
    """
    values = {
        "kind": kind,
        "study_id": study_id,
        "dedupe_key": dedupe_key,
        "destination": destination or lanes.NO_DESTINATION,
        "priority": priority,
        "run_at": now,
        "created_at": now,
        "enqueued_at": now,
    }
    return insert_if_absent(session, Job, values, identity=("dedupe_key",))


def claim(
    database: Database,
    *,
    kind: JobKind,
    worker: str,
    lease_s: float,
    limit: int,
    destinations: Sequence[str] | None = None,
) -> list[Claim]:
    """Takes up to ``limit`` jobs of a kind, the most urgent first; attempts count here.

    DELIVER jobs are claimed by destination: those of ``destinations``, in that order until the limit is
    reached, so that a caller leaves out a destination that does not answer. A job that lost its worker before
    comes alone. Nothing to take, nothing written.

    Raises:
        ValueError: DELIVER jobs without destinations, or destinations for another kind.
    """
    if (kind is JobKind.DELIVER) != (destinations is not None):
        raise ValueError("DELIVER jobs are claimed by their destinations, and no others")
    with database.read() as session:
        # Idle workers poll: a look takes no write lock, of which SQLite has one.
        busy = lanes.busy(session, kind, (lanes.NO_DESTINATION,) if destinations is None else destinations)
    if not busy:
        return []
    with database.write() as session:
        now = database_now(session)
        lease = {"claimed_by": worker, "claimed_at": now, "lease_expires_at": now + timedelta(seconds=lease_s)}
        claims: list[Claim] = []
        for lane in busy:
            named = {"kind": kind, "lane": lane.lane}
            if lane.has_waiting:
                _promote(session, {**named, "now": now, "limit": PROMOTED_AT_ONCE})
            claims += _take(session, {**named, "limit": limit - len(claims)}, lease)
        return claims


def heartbeat(database: Database, claim: Claim, lease_s: float) -> bool:
    """Renews the lease from the database's now on; False when the claim is lost."""
    with database.write() as session:
        expires_at = database_now(session) + timedelta(seconds=lease_s)
        return _update_held(session, claim, {"lease_expires_at": expires_at})


def complete(session: Session, claim: Claim, now: datetime) -> None:
    """The job is done.

    Raises:
        ClaimLost: another worker has the job.
    """
    _finish(session, claim, {**entering(JobState.COMPLETED, now), "last_error": None, "lost_leases": 0})


def retry_at(session: Session, claim: Claim, when: datetime, reason: str) -> None:
    """The attempt failed; the next one is due at ``when``.

    Raises:
        ClaimLost: another worker has the job.
    """
    failed = {"run_at": when, "last_error": reason[:LAST_ERROR_LENGTH], "lost_leases": 0}
    _finish(session, claim, {**entering(JobState.RETRYABLE, when), **failed})


def park(session: Session, claim: Claim, reason: str) -> None:
    """The job needs a person, for the reason given.

    Raises:
        ClaimLost: another worker has the job.
    """
    failed = {"last_error": reason[:LAST_ERROR_LENGTH], "lost_leases": 0}
    _finish(session, claim, {**entering(JobState.PARKED, database_now(session)), **failed})


def release(session: Session, claim: Claim) -> None:
    """Gives the job back untouched, as a worker that is asked to stop does: the attempt does not count.

    Raises:
        ClaimLost: another worker has the job.
    """
    untouched = {"attempts": claim.attempts - 1, "claimed_by": None, "claimed_at": None}
    _finish(session, claim, {**entering(JobState.AVAILABLE, claim.claimed_at), **untouched})


def _finish(session: Session, claim: Claim, values: dict[str, Any]) -> None:
    if not _update_held(session, claim, values):
        raise ClaimLost(f"job {claim.job_id}, token {claim.token}")


def _update_held(session: Session, claim: Claim, values: dict[str, Any]) -> bool:
    named = {"held_id": claim.job_id, "held_token": claim.token}
    return session.execute(_UPDATE_HELD, {**named, **values}).first() is not None


def _promote(session: Session, waiting: dict[str, Any]) -> None:
    if job_ids := list(session.scalars(_LOCK_WAITING, waiting)):
        session.execute(_UPDATE, {"job_ids": job_ids, **entering(JobState.AVAILABLE, waiting["now"])})


def _take(session: Session, due: dict[str, Any], lease: dict[str, Any]) -> list[Claim]:
    job_ids = _without_suspects(session.execute(_LOCK_DUE, due).all())
    if not job_ids:
        return []
    rows = {row.id: row for row in session.execute(_CLAIM, {"job_ids": job_ids, **lease})}
    return [_claim(rows[job_id]) for job_id in job_ids]


def _without_suspects(rows: Sequence[AnyRow]) -> list[int]:
    """A job that lost its worker may have killed it, and is claimed alone: it drags no other job with it."""
    trusted = list(itertools.takewhile(lambda row: row.lost_leases == 0, rows))
    return [row.id for row in trusted or rows[:1]]


# Built once, like those of lanes: what is SET is named by the parameters. SQLite has no row locks and needs none:
# a writing transaction is alone.
_LOCK_DUE = lanes.DUE.with_for_update(skip_locked=True)
_LOCK_WAITING = lanes.WAITING.with_for_update(skip_locked=True)
_UPDATE = update(JOB).where(JOB.c.id.in_(bindparam("job_ids", expanding=True)))
_CLAIM = _UPDATE.values(state=JobState.CLAIMED, attempts=JOB.c.attempts + 1, token=JOB.c.token + 1).returning(
    JOB.c.id, JOB.c.kind, JOB.c.study_id, JOB.c.destination, JOB.c.attempts, JOB.c.token,
    JOB.c.claimed_at, JOB.c.lease_expires_at, JOB.c.enqueued_at,
)  # fmt: skip
_UPDATE_HELD = (
    update(JOB)
    .where(JOB.c.id == bindparam("held_id"), JOB.c.token == bindparam("held_token"), lanes.IS_CLAIMED)
    .returning(JOB.c.id)
)


def _claim(row: AnyRow) -> Claim:
    return Claim(
        job_id=row.id,
        kind=JobKind(row.kind),
        study_id=row.study_id,
        destination=row.destination or None,
        attempts=row.attempts,
        token=row.token,
        claimed_at=row.claimed_at,
        lease_expires_at=row.lease_expires_at,
        enqueued_at=row.enqueued_at,
    )
