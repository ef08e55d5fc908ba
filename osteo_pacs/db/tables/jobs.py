"""The queue: units of work, and what is paused."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base


class JobKind(StrEnum):
    """What a job does."""

    INFER = "infer"
    DELIVER = "deliver"


class JobState(StrEnum):
    """Where a job stands; only ``osteo_pacs.jobs`` writes it."""

    AVAILABLE = "available"
    CLAIMED = "claimed"
    RETRYABLE = "retryable"
    COMPLETED = "completed"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Job(Base):
    """A unit of work; ``token`` grows with every claim and fences off whoever held an earlier one."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("kind IN ('infer', 'deliver')", name="known_kind"),
        CheckConstraint(
            "state IN ('available', 'claimed', 'retryable', 'completed', 'parked', 'cancelled')",
            name="known_state",
        ),
        CheckConstraint("(state = 'claimed') = (lease_expires_at IS NOT NULL)", name="claimed_with_lease"),
        CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completed_with_time"),
        CheckConstraint("(state = 'parked') = (parked_at IS NOT NULL)", name="parked_with_time"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_with_time"),
        CheckConstraint("(kind = 'deliver') = (destination <> '')", name="deliver_with_destination"),
        # The three partial indexes hold live jobs alone, so that a claim costs the same beside a million old ones.
        Index("ix_job_due", "kind", "destination", "priority", "run_at", "id",
              sqlite_where=text("state = 'available'"), postgresql_where=text("state = 'available'")),
        Index("ix_job_waiting", "kind", "destination", "run_at",
              sqlite_where=text("state = 'retryable'"), postgresql_where=text("state = 'retryable'")),
        Index("ix_job_lease", "lease_expires_at",
              sqlite_where=text("state = 'claimed'"), postgresql_where=text("state = 'claimed'")),
        Index("ix_job_state", "state", "kind"),
        # SQLite would give a purged job's id to a new one, and a token of the old one would fit it.
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default=JobState.AVAILABLE)
    dedupe_key: Mapped[str] = mapped_column(String(128), unique=True)
    """Names the work, so that enqueuing it twice makes one job."""
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    destination: Mapped[str] = mapped_column(String(32), default="")
    """Name of the destination of a DELIVER job; empty for others: PostgreSQL sorts past no IS NULL."""
    priority: Mapped[int] = mapped_column(default=0)
    """Smaller is sooner."""
    run_at: Mapped[datetime]
    """When a retryable job becomes available, and since when an available one has been."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Claims since it was enqueued, or put back by a person."""
    lost_leases: Mapped[int] = mapped_column(default=0)
    """Attempts in a row that ended with the worker, not with an outcome."""
    token: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    claimed_at: Mapped[datetime | None]
    lease_expires_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(1024))
    created_at: Mapped[datetime]
    enqueued_at: Mapped[datetime]
    """When it was created, or put back by a person: giving up is counted from here."""
    completed_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class Pause(Base):
    """A kind of job, or a destination, whose jobs are not claimed until it is resumed."""

    __tablename__ = "pause"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    """``infer``, ``deliver``, or ``destination:NAME``."""
    paused_at: Mapped[datetime]
