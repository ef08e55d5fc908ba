"""Every section in the order in which it is shown."""

from __future__ import annotations

from collections.abc import Callable

from osteo_pacs.clock import Clock
from osteo_pacs.config import Settings
from osteo_pacs.db.session import Database, database_now
from osteo_pacs.status import clock, destinations, disk, errors, model, pauses, processes, queue, throughput
from osteo_pacs.status.section import Section, View

Look = Callable[[View], Section]
SECTIONS: tuple[Look, ...] = (
    processes.look,
    queue.look,
    pauses.look,
    throughput.look,
    destinations.look,
    errors.look,
    model.look,
    disk.look,
    clock.look,
)


def look_round(settings: Settings, database: Database, now: Clock) -> list[Section]:
    """Looks at everything in one transaction."""
    with database.read() as session:
        view = View(settings, session, database_now(session), now())
        return [look(view) for look in SECTIONS]
