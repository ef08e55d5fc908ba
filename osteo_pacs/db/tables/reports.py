"""What was said of a study, the objects that say it, and their way to the destinations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base, Digest, Uid


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
