"""The tables. SQLite and PostgreSQL hold the same; ``migrations/`` makes them, a test compares.

A CHECK ties each terminal state to its timestamp. Times are aware UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC on both sides; SQLite keeps it without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """A naive time is a mistake of ours.

        Raises:
            ValueError: the time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives the zone back that SQLite dropped."""
        del dialect
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        bytes: LargeBinary,
    }


Uid = String(64)
Digest = String(64)


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


class Study(Base):
    """A study that a peer sent to us; ``completed_at`` is empty while instances may still come."""

    __tablename__ = "study"
    __table_args__ = (
        CheckConstraint("(completed_at IS NULL) = (complete_reason IS NULL)", name="complete_with_reason"),
        Index("ix_study_open", "last_received_at", sqlite_where=text("completed_at IS NULL"),
              postgresql_where=text("completed_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(Uid, unique=True)
    accession_number: Mapped[str] = mapped_column(String(64), default="", index=True)
    patient_digest: Mapped[str] = mapped_column(Digest, default="")
    """sha256 of Patient ID and its issuer: tells a change of patient within a study without naming one."""
    received_at: Mapped[datetime]
    """When its first instance came."""
    opened_at: Mapped[datetime]
    """When the first instance came of those that are not complete yet; the deadline runs from here."""
    last_received_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    complete_reason: Mapped[str | None] = mapped_column(String(16))
    result_reason: Mapped[str | None] = mapped_column(String(255))
    """Why the last reading gave no report, in a sentence."""


class OpenAssociation(Base):
    """An association that has sent an instance of a study and has not ended: the study is not quiet."""

    __tablename__ = "open_association"

    association_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True, index=True)
    listener: Mapped[str] = mapped_column(String(64), index=True)
    expires_at: Mapped[datetime]
    """A listener that died no longer renews it."""


class Instance(Base):
    """An instance in the spool, with the decision whether it is read."""

    __tablename__ = "instance"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="not_empty"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    sop_instance_uid: Mapped[str] = mapped_column(Uid, unique=True)
    sop_class_uid: Mapped[str] = mapped_column(Uid)
    series_instance_uid: Mapped[str] = mapped_column(Uid)
    transfer_syntax_uid: Mapped[str] = mapped_column(Uid)
    sha256: Mapped[str] = mapped_column(Digest)
    """Of the Data Set's bytes as they were received."""
    pixel_digest: Mapped[str | None] = mapped_column(Digest, index=True)
    size_bytes: Mapped[int]
    path: Mapped[str] = mapped_column(String(255), unique=True)
    """Relative to the spool's folder."""
    calling_ae_title: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime]
    is_selected: Mapped[bool | None]
    reason: Mapped[str | None] = mapped_column(String(255))
    """Why it was selected or not, or why it was refused."""


class ModelVersionRow(Base):
    """A bundle that has been in service, or could be."""

    __tablename__ = "model_version"
    __table_args__ = (
        UniqueConstraint("name", "version", "bundle_sha256"),
        CheckConstraint("state IN ('candidate', 'active', 'retired')", name="known_state"),
        CheckConstraint("state <> 'active' OR activated_at IS NOT NULL", name="active_with_time"),
        CheckConstraint("(state = 'retired') = (retired_at IS NOT NULL)", name="retired_with_time"),
        Index("ix_model_version_active", "state", unique=True,
              sqlite_where=text("state = 'active'"), postgresql_where=text("state = 'active'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    bundle_sha256: Mapped[str] = mapped_column(Digest)
    weights_sha256: Mapped[str] = mapped_column(Digest)
    device_uid: Mapped[str] = mapped_column(Uid)
    state: Mapped[str] = mapped_column(String(16), default="candidate")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class Report(Base):
    """What one model version said of one input set of a study; a later input set supersedes it."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("study_id", "input_digest", "model_version_id"),
        UniqueConstraint("study_id", "revision"),
        CheckConstraint("outcome IN ('positive', 'negative', 'refused')", name="known_outcome"),
        CheckConstraint("(probability IS NULL) = (outcome = 'refused')", name="probability_when_read"),
        CheckConstraint("(supersedes_id IS NULL) = (revision = 1)", name="revisions_chain"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"))
    input_digest: Mapped[str] = mapped_column(Digest)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    probability: Mapped[float | None]
    readings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class Document(Base):
    """An object of a report as it is sent: built once, these bytes at every send."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("report_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(24))
    sop_class_uid: Mapped[str] = mapped_column(Uid)
    sop_instance_uid: Mapped[str] = mapped_column(Uid, unique=True)
    series_instance_uid: Mapped[str] = mapped_column(Uid)
    content: Mapped[bytes]
    """Part 10 bytes."""


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


class Delivery(Base):
    """A report on its way to one destination; how far it is stands in its job."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("report_id", "destination"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), unique=True)
    destination: Mapped[str] = mapped_column(String(32))
    document_kinds: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """``{"sr": [kinds in the order of preference], "with": [other kinds]}``."""
    sent_sop_instance_uid: Mapped[str | None] = mapped_column(Uid)
    """The SR that the destination took."""
    warning: Mapped[str | None] = mapped_column(String(255))
    delivered_at: Mapped[datetime | None]


class Label(Base):
    """What a reader, a scanner or a file says of a study; never overwritten, only added to."""

    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    is_positive: Mapped[bool]
    source: Mapped[str] = mapped_column(String(32))
    author: Mapped[str] = mapped_column(String(64), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    labelled_at: Mapped[datetime]
    created_at: Mapped[datetime]


class TrainingRun(Base):
    """One training: where it started, what it was fed, what came of it."""

    __tablename__ = "training_run"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'completed', 'failed', 'cancelled')", name="known_state"),
        CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended_with_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    parent_model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AuditEvent(Base):
    """What was done, by whom and when (PS3.15 A.5); rows are only ever added."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(index=True)
    event_id: Mapped[str] = mapped_column(String(16))
    """Code value of the event, DCM (PS3.16 CID 400)."""
    action: Mapped[str] = mapped_column(String(1))
    """C, R, U, D or E (PS3.15 A.5.2)."""
    outcome: Mapped[int]
    """0 success, 4 minor, 8 serious, 12 major failure."""
    actor: Mapped[str] = mapped_column(String(128))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
