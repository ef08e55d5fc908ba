"""What was received: studies, their instances, and the associations that still send."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base, Digest, Uid


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
    repetition: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often a person has asked for another report of the same input set."""


class OpenAssociation(Base):
    """An association that has sent an instance of a study and has not ended: the study is not quiet."""

    __tablename__ = "open_association"

    association_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True, index=True)
    listener: Mapped[str] = mapped_column(String(64), index=True)
    expires_at: Mapped[datetime]
    """A listener that died no longer renews it."""


class Instance(Base):
    """An instance that was received, with the decision whether it is read."""

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
    removed_at: Mapped[datetime | None]
    """When retention took its file; the row stays."""
