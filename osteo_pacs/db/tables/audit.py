"""The audit trail (PS3.15 A.5), its end, and how much of it was sent elsewhere.

The database itself refuses UPDATE and DELETE of ``audit_event``, by triggers that the migrations make.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base, Digest


class AuditEvent(Base):
    """What was done, by whom and when (PS3.15 A.5); rows are only ever added."""

    __tablename__ = "audit_event"
    __table_args__ = (CheckConstraint("(position IS NULL) = (hash IS NULL)", name="chained"),)

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
    """Source, participants, objects and description."""
    position: Mapped[int | None] = mapped_column(unique=True)
    """Its place in the chain, from 1 without a gap."""
    hash: Mapped[str | None] = mapped_column(Digest)
    """sha256 over the hash of the row before and this row's content; None for a row outside the chain."""
    event_type: Mapped[str | None] = mapped_column(String(16))
    """Code value of its type, DCM (PS3.16 CID 401 and 403)."""


class AuditHead(Base):
    """The chain's end; whoever adds to it holds this one row, so that writers come one after the other."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    hash: Mapped[str] = mapped_column(Digest)


class AuditForward(Base):
    """How far an Audit Record Repository has the trail."""

    __tablename__ = "audit_forward"

    repository: Mapped[str] = mapped_column(String(255), primary_key=True)
    """Host and port."""
    position: Mapped[int]
    """Of the last row that it has."""
    sent_at: Mapped[datetime]
