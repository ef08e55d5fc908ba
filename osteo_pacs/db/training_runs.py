"""Trainings: asked for, leased to a trainer, followed, ended. Only this module writes a training's state.

    run_id = add_training(session, TrainingPlan(dataset="/srv/dxa"), by="anna@host", now=now)

    with database.write() as session:
        claim = claim_training(session, trainer="host:4711", lease_s=60)
    ...                                     # every few seconds: renew(session, claim, lease_s, progress)
    with database.write() as session:       # the model version and the end: both or neither
        end_training(session, claim, TrainingState.COMPLETED, now, model_version_id=7)

A trainer that dies leaves its lease to run out; the next one takes the training over, and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.session import database_now
from osteo_pacs.db.tables import TrainingRun
from osteo_pacs.errors import RetryableError

ERROR_LENGTH = 1024


class TrainingState(StrEnum):
    """Where a training stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TrainingLost(RetryableError):
    """The training was taken away from this trainer: its lease expired."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is to be trained; None leaves a number to the bundle's own training configuration.

    Attributes:
        dataset: folder, number or digest of a data set; None: decided when the training begins.
        start: ``active`` begins with the weights in service, ``scratch`` with none.
        gpus: processes under torchrun above 1; 0 or 1 is one process.
        command: as it was typed.
    """

    dataset: str | None = None
    start: str = "active"
    gpus: int = 0
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    patience: int | None = None
    seed: int | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class TrainingClaim:
    """The right to carry a training out as long as its lease is renewed."""

    run_id: int
    token: int
    plan: TrainingPlan
    lost_leases: int


@dataclass(frozen=True, slots=True)
class KnownTraining:
    """A training as it is shown."""

    id: int
    state: TrainingState
    plan: TrainingPlan
    progress: Mapping[str, Any]
    facts: Mapping[str, Any]
    requested_by: str
    model_version_id: int | None
    claimed_by: str | None
    lost_leases: int
    cancel_requested_at: datetime | None
    last_error: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a training."""

    state: TrainingState
    reason: str | None = None
    model_version_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def add_training(session: Session, plan: TrainingPlan, by: str, now: datetime) -> int:
    """Queues a training and returns its id."""
    row = TrainingRun(state=TrainingState.QUEUED, plan=asdict(plan), requested_by=by[:128], created_at=now)
    session.add(row)
    session.flush()
    return row.id


def waits(session: Session) -> bool:
    """Whether a training is queued, or has lost its trainer."""
    return session.scalar(select(TrainingRun.id).where(_is_due(database_now(session))).limit(1)) is not None


def give_up_lost(session: Session, max_lost: int) -> list[int]:
    """Fails every training that has ended too many trainers, this one included; returns their ids."""
    now = database_now(session)
    lost = (TrainingRun.state == TrainingState.RUNNING, TrainingRun.lease_expires_at <= now)
    failed = update(TrainingRun).where(*lost, TrainingRun.lost_leases + 1 >= max_lost)
    reason = f"It ended its trainer {max_lost} times."
    ended = {"state": TrainingState.FAILED, "lease_expires_at": None, "ended_at": now, "last_error": reason}
    return list(session.scalars(failed.values(ended | {"lost_leases": max_lost}).returning(TrainingRun.id)))


def claim_training(session: Session, *, trainer: str, lease_s: float) -> TrainingClaim | None:
    """Takes the oldest training that waits, or whose trainer went away; None where there is none."""
    now = database_now(session)
    wanted = select(TrainingRun).where(_is_due(now)).order_by(TrainingRun.id).limit(1)
    row = session.scalars(wanted.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    row.lost_leases += row.state == TrainingState.RUNNING
    row.state, row.token, row.claimed_by = TrainingState.RUNNING, row.token + 1, trainer
    row.started_at, row.lease_expires_at = row.started_at or now, now + timedelta(seconds=lease_s)
    session.flush()
    return TrainingClaim(row.id, row.token, TrainingPlan(**row.plan), row.lost_leases)


def renew(session: Session, claim: TrainingClaim, lease_s: float, progress: Mapping[str, Any]) -> bool:
    """Renews the lease and tells how far the training is; True when a person wants it cancelled.

    Raises:
        TrainingLost: another trainer has it.
    """
    row = _held(session, claim)
    row.lease_expires_at = database_now(session) + timedelta(seconds=lease_s)
    row.progress = dict(progress)
    return row.cancel_requested_at is not None


def fix_dataset(session: Session, claim: TrainingClaim, dataset: str) -> TrainingClaim:
    """Keeps the folder of its data set in the plan, and returns the claim with it.

    Raises:
        TrainingLost: another trainer has it.
    """
    row, plan = _held(session, claim), replace(claim.plan, dataset=dataset)
    row.plan = asdict(plan)
    return replace(claim, plan=plan)


def end_training(session: Session, claim: TrainingClaim, outcome: Outcome, now: datetime) -> None:
    """Ends a training that is held.

    Raises:
        TrainingLost: another trainer has it.
    """
    row = _held(session, claim)
    row.state, row.lease_expires_at, row.ended_at = outcome.state, None, now
    row.last_error = outcome.reason[:ERROR_LENGTH] if outcome.reason else None
    row.model_version_id, row.facts = outcome.model_version_id, dict(outcome.facts)
    session.flush()


def put_back(session: Session, claim: TrainingClaim, *, is_lost: bool, reason: str | None = None) -> None:
    """Queues a held training again; ``is_lost`` counts that the process that trains was ended by it.

    Raises:
        TrainingLost: another trainer has it.
    """
    row = _held(session, claim)
    row.lost_leases += is_lost
    row.state, row.lease_expires_at, row.last_error = TrainingState.QUEUED, None, reason
    session.flush()


def request_cancel(session: Session, run_id: int, now: datetime) -> TrainingState | None:
    """Cancels a queued training, and asks the trainer of a running one to; returns the state it had.

    None where there is no such training. One that has ended stays as it is.
    """
    row = session.get(TrainingRun, run_id, with_for_update=True)
    if row is None:
        return None
    before = TrainingState(row.state)
    if before is TrainingState.QUEUED:
        row.state, row.cancel_requested_at, row.ended_at = TrainingState.CANCELLED, now, now
    elif before is TrainingState.RUNNING:
        row.cancel_requested_at = row.cancel_requested_at or now
    session.flush()
    return before


def find_training(session: Session, run_id: int) -> KnownTraining | None:
    """One training."""
    row = session.get(TrainingRun, run_id)
    return _known(row) if row else None


def list_trainings(session: Session, limit: int | None = None) -> list[KnownTraining]:
    """Trainings, the newest first."""
    return [
        _known(row) for row in session.scalars(select(TrainingRun).order_by(TrainingRun.id.desc()).limit(limit))
    ]


def is_busy(session: Session) -> bool:
    """Whether a training waits or runs."""
    return session.scalar(select(TrainingRun.id).where(TrainingRun.ended_at.is_(None)).limit(1)) is not None


def last_asked_at(session: Session) -> datetime | None:
    """When the newest training was queued, whatever became of it; None where there was none."""
    return session.scalar(select(func.max(TrainingRun.created_at)))


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        TrainingRun.state == TrainingState.QUEUED,
        and_(TrainingRun.state == TrainingState.RUNNING, TrainingRun.lease_expires_at <= now),
    )


def _held(session: Session, claim: TrainingClaim) -> TrainingRun:
    held = (TrainingRun.token == claim.token, TrainingRun.state == TrainingState.RUNNING)
    wanted = select(TrainingRun).where(TrainingRun.id == claim.run_id, *held).with_for_update()
    row = session.scalars(wanted).first()
    if row is None:
        raise TrainingLost(f"training {claim.run_id}, token {claim.token}")
    return row


def _known(row: TrainingRun) -> KnownTraining:
    return KnownTraining(
        id=row.id,
        state=TrainingState(row.state),
        plan=TrainingPlan(**row.plan),
        progress=row.progress,
        facts=row.facts,
        requested_by=row.requested_by,
        model_version_id=row.model_version_id,
        claimed_by=row.claimed_by,
        lost_leases=row.lost_leases,
        cancel_requested_at=row.cancel_requested_at,
        last_error=row.last_error,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
