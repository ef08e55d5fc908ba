"""How far an Audit Record Repository has the trail: the database is the spool, and this is its cursor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_into
from osteo_pacs.db.tables import AuditForward


def sent_position(session: Session, repository: str) -> int:
    """The place of the last event that it has; 0 where it has none."""
    found = select(AuditForward.position).where(AuditForward.repository == repository)
    return session.scalar(found) or 0


def mark_sent(session: Session, repository: str, position: int, now: datetime) -> None:
    """It has every event up to this place."""
    statement = insert_into(session, AuditForward)
    values = {"repository": repository, "position": position, "sent_at": now}
    changed = {name: statement.excluded[name] for name in ("position", "sent_at")}
    session.execute(statement.on_conflict_do_update(index_elements=["repository"], set_=changed), values)
