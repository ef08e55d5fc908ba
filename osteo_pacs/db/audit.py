"""The audit trail: what was done, by whom and when, in the terms of PS3.15 A.5. A row is only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import AuditEvent


class EventId(StrEnum):
    """Code values of DCM, from CID 400 (PS3.16)."""

    APPLICATION_ACTIVITY = "110100"
    BEGIN_TRANSFERRING = "110102"
    INSTANCES_ACCESSED = "110103"
    INSTANCES_TRANSFERRED = "110104"
    STUDY_DELETED = "110105"
    NETWORK_ENTRY = "110108"
    SECURITY_ALERT = "110113"
    USER_AUTHENTICATION = "110114"


class Action(StrEnum):
    """Event Action Code (PS3.15 A.5.2)."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


class EventOutcome(IntEnum):
    """Event Outcome Indicator (PS3.15 A.5.2)."""

    SUCCESS = 0
    MINOR_FAILURE = 4
    SERIOUS_FAILURE = 8
    MAJOR_FAILURE = 12


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One event; ``actor`` is a process, a peer's AE title or a user. ``facts`` names no patient."""

    happened_at: datetime
    event_id: EventId
    action: Action
    actor: str
    outcome: EventOutcome = EventOutcome.SUCCESS
    facts: Mapping[str, Any] = field(default_factory=dict)


def append(session: Session, record: AuditRecord) -> None:
    """Adds an event."""
    session.add(
        AuditEvent(
            happened_at=record.happened_at,
            event_id=record.event_id,
            action=record.action,
            outcome=record.outcome,
            actor=record.actor,
            facts=dict(record.facts),
        )
    )


def list_records(session: Session, *, since: datetime | None = None, limit: int = 100) -> list[AuditRecord]:
    """The events from ``since`` on, the oldest first; without it the last ones, the newest first."""
    wanted = select(AuditEvent).limit(limit)
    if since is None:
        wanted = wanted.order_by(AuditEvent.id.desc())
    else:
        wanted = wanted.where(AuditEvent.happened_at >= since).order_by(AuditEvent.happened_at, AuditEvent.id)
    return [
        AuditRecord(
            happened_at=row.happened_at,
            event_id=EventId(row.event_id),
            action=Action(row.action),
            actor=row.actor,
            outcome=EventOutcome(row.outcome),
            facts=row.facts,
        )
        for row in session.scalars(wanted)
    ]
