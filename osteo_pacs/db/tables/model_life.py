"""A model version's way: in and out of service, gate, shadow, drift, and which worker reads with which."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base, Digest

_VERSION = "model_version.id"


class ModelActivation(Base):
    """A model version was put into service; the next row is its end."""

    __tablename__ = "model_activation"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey(_VERSION), index=True)
    is_rollback: Mapped[bool]
    activated_at: Mapped[datetime]


class GateDecision(Base):
    """What the gate said of a version against another, or that a person did without it, and why."""

    __tablename__ = "gate_decision"
    __table_args__ = (
        CheckConstraint("(override_by IS NULL) = (override_reason IS NULL)", name="override_with_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey(_VERSION), index=True)
    against_model_version_id: Mapped[int | None] = mapped_column(ForeignKey(_VERSION))
    is_passed: Mapped[bool]
    record: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Every rule with its figure."""
    dataset_sha256: Mapped[str | None] = mapped_column(Digest)
    override_by: Mapped[str | None] = mapped_column(String(128))
    override_reason: Mapped[str | None] = mapped_column(String(1024))
    created_at: Mapped[datetime]


class ModelServing(Base):
    """Which version a worker process reads with, and which one it could not load."""

    __tablename__ = "model_serving"
    __table_args__ = (
        CheckConstraint("(failed_model_version_id IS NULL) = (failure IS NULL)", name="failed_with_reason"),
    )

    worker: Mapped[str] = mapped_column(String(128), primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey(_VERSION))
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    failed_model_version_id: Mapped[int | None] = mapped_column(ForeignKey(_VERSION))
    failure: Mapped[str | None] = mapped_column(String(1024))


class Shadow(Base):
    """The version that reads beside the one in service; nothing of it leaves."""

    __tablename__ = "shadow"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model_version_id: Mapped[int] = mapped_column(ForeignKey(_VERSION))
    after_report_id: Mapped[int]
    """Reports above this number are read."""
    since: Mapped[datetime]


class ShadowReading(Base):
    """What a shadow version says of the input of a report; ``failed`` until it has said something."""

    __tablename__ = "shadow_reading"
    __table_args__ = (
        UniqueConstraint("model_version_id", "report_id"),
        CheckConstraint("outcome IN ('positive', 'negative', 'refused', 'failed')", name="known_outcome"),
        CheckConstraint(
            "(probability IS NULL) = (outcome IN ('refused', 'failed'))", name="probability_when_read"
        ),
        CheckConstraint("(reason IS NULL) = (outcome <> 'failed')", name="failed_with_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey(_VERSION))
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    probability: Mapped[float | None]
    reason: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]


class DriftFigure(Base):
    """One figure of the version in service over a window of time; ``value`` is empty with too few cases."""

    __tablename__ = "drift_figure"
    __table_args__ = (
        CheckConstraint("value IS NOT NULL OR NOT is_alarm", name="alarm_with_value"),
        Index("ix_drift_figure_newest", "model_version_id", "figure", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey(_VERSION))
    figure: Mapped[str] = mapped_column(String(32))
    value: Mapped[float | None]
    reference: Mapped[float | None]
    """The same figure of the reference, where it has one."""
    threshold: Mapped[float]
    is_alarm: Mapped[bool]
    studies: Mapped[int]
    """In the window."""
    needed: Mapped[int]
    """Fewer give no value."""
    window_from: Mapped[datetime]
    computed_at: Mapped[datetime]
