"""A process tells the database that it is there, for `osteo-pacs status`; nothing else leans on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import osteo_pacs
from osteo_pacs import log
from osteo_pacs.db import presence
from osteo_pacs.db.presence import SAYS_SO_EVERY_S, Process
from osteo_pacs.db.session import Database, DatabaseUnavailable, Session
from osteo_pacs.jobs.workers import worker_name

JOIN_S = 1.0


@contextmanager
def present(role: str, name: str, database: Database, *, every_s: float = SAYS_SO_EVERY_S) -> Iterator[None]:
    """The process is shown as there while the block lasts.

    A database that is away makes it seem silent, and stops nothing.
    """
    process = Process(worker_name(), name, role, osteo_pacs.__version__)
    ended = threading.Event()
    telling = threading.Thread(
        target=_tell_on, args=(database, process, every_s, ended), daemon=True, name="presence"
    )
    telling.start()
    try:
        yield
    finally:
        ended.set()
        telling.join(JOIN_S)
        _tell(database, lambda session: presence.withdraw(session, process))


def _tell_on(database: Database, process: Process, every_s: float, ended: threading.Event) -> None:
    _tell(database, lambda session: presence.announce(session, process))
    while not ended.wait(every_s):
        _tell(database, lambda session: presence.renew(session, process))


def _tell(database: Database, change: Callable[[Session], None]) -> None:
    try:
        with database.write() as session:
            change(session)
    except DatabaseUnavailable as error:
        log.get_logger().debug("process_not_announced", reason=str(error))
