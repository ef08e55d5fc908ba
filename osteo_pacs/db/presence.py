"""Which processes of the service are there: each says so now and then, and takes its row along when it ends.

    with database.write() as session:
        announce(session, Process("host:4711", "worker-1", "worker", "0.1.0"))

Everything is on the database's clock, so that hosts whose clocks differ are told alike.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_into
from osteo_pacs.db.session import database_now
from osteo_pacs.db.tables import Presence

SAYS_SO_EVERY_S = 30.0
SILENT_AFTER = timedelta(seconds=100)
"""Three times it has not said so."""
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Process:
    """A process: ``worker`` is its host and process ID, ``name`` what the log calls it."""

    worker: str
    name: str
    role: str
    version: str


@dataclass(frozen=True, slots=True)
class SeenProcess:
    """A process as it is shown; one that is silent has died, hangs, or does not reach the database."""

    worker: str
    name: str
    role: str
    version: str
    started_at: datetime
    seen_at: datetime
    is_silent: bool


def announce(session: Session, process: Process) -> None:
    """The process has started; what has been silent for a day is forgotten."""
    now = database_now(session)
    session.execute(delete(Presence).where(Presence.seen_at < now - FORGOTTEN_AFTER))
    insert = insert_into(session, Presence)
    values = asdict(process) | {"started_at": now, "seen_at": now}
    session.execute(insert.on_conflict_do_update(index_elements=["worker"], set_=values), values)


def renew(session: Session, process: Process) -> None:
    """The process is there."""
    insert = insert_into(session, Presence)
    now = database_now(session)
    seen = insert.on_conflict_do_update(index_elements=["worker"], set_={"seen_at": now})
    session.execute(seen, asdict(process) | {"started_at": now, "seen_at": now})


def withdraw(session: Session, process: Process) -> None:
    """The process has ended."""
    session.execute(delete(Presence).where(Presence.worker == process.worker))


def list_processes(session: Session) -> list[SeenProcess]:
    """The processes by role and name; one that died is left out once its successor is there."""
    silent_before = database_now(session) - SILENT_AFTER
    rows = session.scalars(select(Presence).order_by(Presence.role, Presence.name, Presence.started_at)).all()
    present = {_place(row) for row in rows if row.seen_at >= silent_before}
    return [
        SeenProcess(
            worker=row.worker,
            name=row.name,
            role=row.role,
            version=row.version,
            started_at=row.started_at,
            seen_at=row.seen_at,
            is_silent=row.seen_at < silent_before,
        )
        for row in rows
        if row.seen_at >= silent_before or _place(row) not in present
    ]


def _place(row: Presence) -> tuple[str, str]:
    return row.worker.rpartition(":")[0], row.name
