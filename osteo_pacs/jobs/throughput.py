"""How much the service has done lately, told from the newest rows. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from osteo_pacs.db.tables import Delivery, Instance, Report, Study

NEWEST = 20_000
"""Rows that are looked at, so that looking costs the same beside a million others; older ones are not counted."""
SPANS: Mapping[str, timedelta] = MappingProxyType(
    {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of one kind, by the name of the span until now."""

    what: str
    counts: dict[str, int]


def throughput(session: Session, now: datetime) -> list[Counted]:
    """Instances and studies received, reports written, reports delivered."""
    return [
        _count(session, "instances_received", Instance.id, Instance.received_at, now),
        _count(session, "studies_received", Study.id, Study.received_at, now),
        _count(session, "reports_written", Report.id, Report.created_at, now),
        _count(session, "reports_delivered", Delivery.id, Delivery.delivered_at, now),
    ]


def _count(
    session: Session,
    what: str,
    number: InstrumentedAttribute[int],
    time: InstrumentedAttribute[Any],
    now: datetime,
) -> Counted:
    newest = session.scalar(select(func.max(number))) or 0
    sums = [func.sum(case((time > now - span, 1), else_=0)) for span in SPANS.values()]
    row = session.execute(select(*sums).where(number > newest - NEWEST)).one()
    return Counted(what, {name: int(count or 0) for name, count in zip(SPANS, row, strict=True)})
