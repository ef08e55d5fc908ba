"""Jobs whose workers went away: their leases expired without an outcome."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.session import Database, database_now
from osteo_pacs.db.tables import Job, JobState
from osteo_pacs.jobs.lanes import IS_CLAIMED
from osteo_pacs.jobs.states import entering

WORKER_WENT_AWAY = "Its worker died or hung."


@dataclass(frozen=True, slots=True)
class Lease:
    """What a claimed job's row says: ``expires_at`` moves with each heartbeat, ``token`` with each claim.

    Two leases are equal when neither has moved.
    """

    job_id: int
    token: int
    expires_at: datetime
    has_expired: bool = field(compare=False)


@dataclass(frozen=True, slots=True)
class Rescued:
    """How many jobs were made available again, and how many parked because they keep losing their worker."""

    available: int = 0
    parked: int = 0


def leases(database: Database, worker: str | None = None) -> list[Lease]:
    """Every lease there is, or those of one worker, on the database's clock."""
    of_worker = and_(IS_CLAIMED, Job.claimed_by == worker) if worker else IS_CLAIMED
    with database.read() as session:
        now = database_now(session)
        rows = session.execute(select(Job.id, Job.token, Job.lease_expires_at).where(of_worker))
        return [Lease(row.id, row.token, row.lease_expires_at, row.lease_expires_at <= now) for row in rows]


def rescue_expired(database: Database, max_attempts: int) -> Rescued:
    """Rescues every job whose lease has expired."""
    return rescue(database, [lease for lease in leases(database) if lease.has_expired], max_attempts)


def rescue_worker(database: Database, worker: str, max_attempts: int) -> Rescued:
    """Rescues the jobs of a worker that is known to be dead, before their leases expire."""
    return rescue(database, leases(database, worker), max_attempts)


def rescue(database: Database, lost: Collection[Lease], max_attempts: int) -> Rescued:
    """Takes the jobs of these leases from their workers, unless one was heard of since.

    A job that lost its worker ``max_attempts`` times in a row is parked: it may be what kills them.
    """
    if not lost:
        return Rescued()
    with database.write() as session:
        now = database_now(session)
        states = [state for lease in lost if (state := _rescue(session, lease, max_attempts, now))]
    return Rescued(available=states.count(JobState.AVAILABLE), parked=states.count(JobState.PARKED))


def _rescue(session: Session, lease: Lease, max_attempts: int, now: datetime) -> JobState | None:
    unheard = and_(
        Job.id == lease.job_id, Job.token == lease.token, Job.lease_expires_at == lease.expires_at, IS_CLAIMED
    )
    counted = update(Job).where(unheard).values(lost_leases=Job.lost_leases + 1, last_error=WORKER_WENT_AWAY)
    lost_leases = session.scalar(counted.returning(Job.lost_leases))
    if lost_leases is None:
        return None
    state = JobState.PARKED if lost_leases >= max_attempts else JobState.AVAILABLE
    session.execute(update(Job).where(Job.id == lease.job_id).values(entering(state, now)))
    return state
