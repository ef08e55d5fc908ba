"""The audit trail (PS3.15 A.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base


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
