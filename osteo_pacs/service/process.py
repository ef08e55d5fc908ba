"""What every process has: its bounds, its log, a database that was checked, and the event that ends it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from osteo_pacs import log
from osteo_pacs.config import Settings
from osteo_pacs.db.session import Database
from osteo_pacs.service.activity import alerted, audited
from osteo_pacs.service.crash import log_crashes
from osteo_pacs.service.fence import forbid
from osteo_pacs.service.preflight import check_before_start
from osteo_pacs.service.presence import present
from osteo_pacs.service.private_files import keep_files_private
from osteo_pacs.service.stop import SUPERVISED_VARIABLE, stop_on_signal


@contextmanager
def process(role: str, settings: Settings, *, never: frozenset[str]) -> Iterator[tuple[Database, threading.Event]]:
    """The database, and the event that is set when the process should end.

    Args:
        role: how the log names a process that nobody supervises.
        settings: of the installation.
        never: packages that this process must not load.

    Raises:
        OsteoPacsError: the installation is not fit to start; the message says what to do.
    """
    forbid(never)
    keep_files_private()
    name = os.environ.get(SUPERVISED_VARIABLE, role)
    log.configure(level=settings.log.level, form=settings.log.format, process=name)
    log_crashes()
    with alerted(role, settings):
        check_before_start(settings)
    database = Database(settings.database.url)
    try:
        with stop_on_signal() as stop, audited(role, database), present(role, name, database):
            yield database, stop
    finally:
        database.close()
