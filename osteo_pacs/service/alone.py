"""One ``osteo-pacs serve`` for an installation on one machine: a second one would do everything twice.

The locks are the kernel's, on open files: they end with their process, however it ends. Hosts that share a
PostgreSQL database and a spool have a lock each.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from osteo_pacs.config import Settings
from osteo_pacs.config.urls import sqlite_file
from osteo_pacs.errors import PermanentError


class ServesAlready(PermanentError):
    """Another `osteo-pacs serve` runs on this installation."""

    remedy = "End that one first, or give this one its own configuration with its own [database] and [spool]."


@contextmanager
def serving_alone(settings: Settings) -> Iterator[None]:
    """No other process may do this with the same spool or the same SQLite database, as long as the block lasts.

    Raises:
        ServesAlready: one does.
    """
    with ExitStack() as held:
        for path in _lock_files(settings):
            try:
                held.enter_context(FileLock(path, mode=0o600, blocking=False))
            except Timeout as error:
                raise ServesAlready(f"it holds {path}.") from error
        yield


def _lock_files(settings: Settings) -> Iterator[Path]:
    yield settings.spool.directory / f"serve-{socket.gethostname()}.lock"
    if file := sqlite_file(settings.database.url):
        yield file.with_name(f"{file.name}.serve.lock")
