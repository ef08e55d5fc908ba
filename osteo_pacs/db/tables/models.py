"""The models: versions, what they are trained on, and their trainings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base, Digest, Uid


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


class Label(Base):
    """What a reader, a scanner or a file says of a study; never overwritten, only added to."""

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("study_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    is_positive: Mapped[bool | None]
    """Empty: the study is not to be trained or tested on."""
    source: Mapped[str] = mapped_column(String(32))
    author: Mapped[str] = mapped_column(String(64), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    labelled_at: Mapped[datetime]
    created_at: Mapped[datetime]
    digest: Mapped[str | None] = mapped_column(Digest)
    """Of the statement itself: the same one is kept once."""


class TrainingRun(Base):
    """One training: what was asked for, how far it is, what came of it; ``token`` fences off earlier trainers."""

    __tablename__ = "training_run"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'completed', 'failed', 'cancelled')", name="known_state"),
        CheckConstraint("(state IN ('queued', 'running')) = (ended_at IS NULL)", name="ended_with_time"),
        CheckConstraint("(state = 'running') = (lease_expires_at IS NOT NULL)", name="running_with_lease"),
        CheckConstraint("state <> 'running' OR started_at IS NOT NULL", name="running_with_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    requested_by: Mapped[str] = mapped_column(String(128), default="")
    parent_model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    token: Mapped[int] = mapped_column(default=0)
    lost_leases: Mapped[int] = mapped_column(default=0)
    """How often it ended its trainer, or the process that trains."""
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    lease_expires_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(1024))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Feedback(Base):
    """A document of readers or scanners that came by C-STORE, and what it says of studies."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'label', 'rejection', 'nothing', 'unreadable')", name="known_state"),
        CheckConstraint("(state = 'waiting') = (interpreted_at IS NULL)", name="interpreted_with_time"),
        Index("ix_feedback_waiting", "state", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
    )  # fmt: skip

    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(255))
    """What was made of it, in a sentence."""
    interpreted_at: Mapped[datetime | None]


class DataSet(Base):
    """A snapshot of labelled studies to train and test on; its studies are held until it is dropped."""

    __tablename__ = "data_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Digest, unique=True)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    dropped_at: Mapped[datetime | None]


class DataSetItem(Base):
    """A picture of a data set; the study is empty where it was forgotten since."""

    __tablename__ = "data_set_item"
    __table_args__ = (CheckConstraint("part IN ('training', 'validation', 'test')", name="known_part"),)

    data_set_id: Mapped[int] = mapped_column(ForeignKey("data_set.id", ondelete="CASCADE"), primary_key=True)
    image: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Path in the data set's folder."""
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="SET NULL"), index=True)
    patient_key: Mapped[str] = mapped_column(Digest, index=True)
    part: Mapped[str] = mapped_column(String(16))


class DataSetPatient(Base):
    """On which side a patient stands in every data set to come: locked away for testing, or learned from."""

    __tablename__ = "data_set_patient"

    patient_key: Mapped[str] = mapped_column(Digest, primary_key=True)
    is_test: Mapped[bool]
    decided_at: Mapped[datetime]
