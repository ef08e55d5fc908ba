"""The audit trail: rows that are only ever added, each chained to the one before.

    with database.write() as session:
        ...                         # what was done
        append(session, record)     # and who did it: both or neither

A record is written at the end of its transaction, when every other lock is held already: the chain's head is one
row, and whoever holds it while waiting for another would hold up everyone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, event, insert, select, update
from sqlalchemy.orm import Session

from osteo_pacs.audit import chain
from osteo_pacs.audit.chain import BEGINNING, Break, Follower, Head, Link
from osteo_pacs.audit.record import AuditRecord, objects_of, participants_of
from osteo_pacs.db.tables import AuditEvent, AuditHead
from osteo_pacs.dicom.audit import Action, EventId, EventOutcome, EventType

WAITING = "osteo_pacs.audit"
READ_AT_ONCE = 1000
CONTENT = ("happened_at", "event_id", "event_type", "action", "outcome", "actor", "facts")
"""The columns that a row's hash covers."""


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record with its place in the chain and its hash."""

    position: int
    hash: str
    record: AuditRecord


@dataclass(frozen=True, slots=True)
class Verdict:
    """What following the whole chain has shown; ``broken`` is None where it holds."""

    head: Head
    broken: Break | None


def append(session: Session, *records: AuditRecord) -> None:
    """Adds events at the end of the transaction, in this order."""
    session.info.setdefault(WAITING, []).extend(records)


@event.listens_for(Session, "before_commit")
def _write_waiting(session: Session) -> None:
    if records := session.info.pop(WAITING, None):
        session.flush()
        _write(session, records)


@event.listens_for(Session, "after_rollback")
def _forget_waiting(session: Session) -> None:
    session.info.pop(WAITING, None)


def _write(session: Session, records: Sequence[AuditRecord]) -> None:
    last = session.execute(select(AuditHead.count, AuditHead.hash).with_for_update()).one_or_none()
    head = Head(*last) if last else _add_head(session)
    rows = []
    for record in records:
        content = _content_of(record)
        head = Head(head.count + 1, chain.link(head.hash, head.count + 1, content))
        rows.append(content | {"position": head.count, "hash": head.hash})
    session.execute(insert(AuditEvent), rows)
    session.execute(update(AuditHead).values(count=head.count, hash=head.hash))


def _add_head(session: Session) -> Head:
    """The end as the rows tell it, where the row that says so is gone."""
    last = session.execute(
        select(AuditEvent.position, AuditEvent.hash)
        .where(AuditEvent.position.is_not(None))
        .order_by(AuditEvent.position.desc())
        .limit(1)
    ).one_or_none()
    head = Head(last.position or 0, last.hash or BEGINNING) if last else Head()
    session.execute(insert(AuditHead).values(id=1, count=head.count, hash=head.hash))
    return head


def find_head(session: Session) -> Head:
    """The chain's end, as the database says that it is."""
    found = session.execute(select(AuditHead.count, AuditHead.hash)).one_or_none()
    return Head(*found) if found else Head()


def list_records(
    session: Session,
    *,
    since: datetime | None = None,
    event_ids: Iterable[EventId] = (),
    outcomes: Iterable[EventOutcome] = (),
    limit: int = 100,
) -> list[KeptRecord]:
    """The newest events that fit, the newest first."""
    wanted = select(AuditEvent).where(AuditEvent.position.is_not(None))
    if since is not None:
        wanted = wanted.where(AuditEvent.happened_at >= since)
    if codes := [str(each) for each in event_ids]:
        wanted = wanted.where(AuditEvent.event_id.in_(codes))
    if numbers := [int(each) for each in outcomes]:
        wanted = wanted.where(AuditEvent.outcome.in_(numbers))
    return [_kept(row) for row in session.scalars(wanted.order_by(AuditEvent.position.desc()).limit(limit))]


def records_after(session: Session, position: int, limit: int = READ_AT_ONCE) -> list[KeptRecord]:
    """The next events behind a place in the chain, the oldest first."""
    return [_kept(row) for row in session.scalars(_rows_after(position, limit))]


def verify(session: Session, expected: str | None = None) -> Verdict:
    """Follows the whole chain.

    Args:
        session: one that reads.
        expected: a hash that was the chain's head once, and must still be in it.
    """
    follower, told = Follower(), find_head(session)
    missing = {told.hash, expected or BEGINNING} - {BEGINNING}
    while rows := session.scalars(_rows_after(follower.head.count, READ_AT_ONCE)).all():
        follower.follow(_links(rows))
        missing.difference_update(row.hash for row in rows)
        if follower.broken:
            return Verdict(follower.head, follower.broken)
        session.expunge_all()
    return Verdict(follower.head, _end_missing(session, follower.head, told, missing))


def happened_since(session: Session, record: AuditRecord, since: datetime) -> bool:
    """Whether the same was written already since then: same event, type, actor and description."""
    similar = (
        select(AuditEvent.facts)
        .where(AuditEvent.happened_at >= since)
        .where(AuditEvent.event_id == record.event_id, AuditEvent.event_type == record.event_type)
    )
    return any(facts.get("description", "") == record.description for facts in session.scalars(similar))


def _end_missing(session: Session, head: Head, told: Head, missing: set[str]) -> Break | None:
    stranger = session.scalar(select(AuditEvent.id).where(AuditEvent.position.is_(None)).limit(1))
    if stranger is not None:
        return Break(head.count + 1, f"the row with id {stranger} stands outside the chain")
    if told.hash in missing or told.count > head.count:
        return Break(head.count + 1, f"it is missing: the chain had {told.count} rows")
    if missing:
        return Break(head.count + 1, "the chain does not hold the hash that was expected: its end was cut off, "
                                     "or all of it was written anew")  # fmt: skip
    return None


def _rows_after(position: int, limit: int) -> Select[AuditEvent]:
    return select(AuditEvent).where(AuditEvent.position > position).order_by(AuditEvent.position).limit(limit)


def _links(rows: Iterable[AuditEvent]) -> Iterator[Link]:
    for row in rows:
        yield Link(row.position or 0, {name: getattr(row, name) for name in CONTENT}, row.hash or "")


def _content_of(record: AuditRecord) -> dict[str, Any]:
    return {
        "happened_at": record.happened_at,
        "event_id": record.event_id.value,
        "event_type": record.event_type.value if record.event_type else None,
        "action": record.action.value,
        "outcome": record.outcome.value,
        "actor": record.actor,
        "facts": record.facts(),
    }


def _kept(row: AuditEvent) -> KeptRecord:
    facts: Mapping[str, Any] = row.facts
    record = AuditRecord(
        happened_at=row.happened_at,
        event_id=EventId(row.event_id),
        action=Action(row.action),
        source=facts.get("source", row.actor),
        participants=participants_of(facts, row.actor),
        objects=objects_of(facts),
        event_type=EventType(row.event_type) if row.event_type else None,
        outcome=EventOutcome(row.outcome),
        description=facts.get("description", ""),
    )
    return KeptRecord(row.position or 0, row.hash or "", record)
