"""A lock that one process of an installation holds, and that ends with its holder however it ends.

PostgreSQL: an advisory lock of a connection, across hosts. SQLite: a locked file beside the database.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from osteo_pacs.db.session import Database


class LeaderLock(Protocol):
    """May be taken again by its holder; nothing is raised where the database is away, it is not held then."""

    def hold(self) -> bool:
        """Takes the lock where it is free, and tells whether it is ours now."""

    def release(self) -> None:
        """Lets another process take it."""


def leader_lock(database: Database, name: str) -> LeaderLock:
    """The lock of this name, not taken yet."""
    if database.is_sqlite:
        return _FileLock(Path(f"{database.url.database}.{name}.lock"))
    return _AdvisoryLock(database, zlib.crc32(name.encode()))


class _FileLock:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def hold(self) -> bool:
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _AdvisoryLock:
    def __init__(self, database: Database, key: int) -> None:
        # The lock is the connection's: every statement commits by itself, so that it never sits in a transaction.
        self._engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._key = {"key": key}
        self._connection: Connection | None = None

    def hold(self) -> bool:
        try:
            if self._connection is not None:
                # A connection that died has lost the lock; one that answers has it.
                self._connection.execute(text("SELECT 1"))
                return True
            return self._take(self._engine.connect())
        except DBAPIError:
            self._drop()
            return False

    def _take(self, connection: Connection) -> bool:
        self._connection = connection
        if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), self._key):
            return True
        self._drop()
        return False

    def release(self) -> None:
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            # Back in the pool it would keep the lock.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
