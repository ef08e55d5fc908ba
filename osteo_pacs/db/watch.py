"""Waiting for work: until the database may hold something new.

    with closing(Watch(database, poll_s=0.1)) as watch:
        while not stop.is_set():
            if not work():
                watch.wait(stop)

SQLite counts the commits of others for each connection, and asking for that count costs a hundredth of a look
into the queue (PRAGMA data_version). So on SQLite a commit is noticed within ``NOTICED_WITHIN_S``, and a look
without one, for what time alone makes due, is rare. Another database is looked into every ``poll_s``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import Any

from sqlalchemy.exc import DBAPIError

from osteo_pacs.db.session import Database

NOTICED_WITHIN_S = 0.02
POLLS_PER_LOOK = 5


class Watch:
    """What one thread has noticed of the database so far.

    Args:
        poll_s: seconds between two looks where nothing tells of a commit, a fifth of them where something does.
    """

    def __init__(self, database: Database, poll_s: float) -> None:
        self._database = database
        self._poll_s = poll_s
        self._connection: Any = None
        self._version: int | None = None

    def wait(self, stop: threading.Event) -> None:
        """Returns when it is time to look: at a commit that was not noticed yet, after a while, or at ``stop``."""
        if not self._database.is_sqlite:
            stop.wait(self._poll_s)
            return
        ends_s = time.monotonic() + POLLS_PER_LOOK * self._poll_s
        every_s = min(self._poll_s, NOTICED_WITHIN_S)
        while not self._has_changed() and time.monotonic() < ends_s and not stop.wait(every_s):
            pass

    def close(self) -> None:
        """Gives its connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _has_changed(self) -> bool:
        """Whether anyone has committed since the last call; True where that cannot be told."""
        version = self._read_version()
        has_changed = version is None or version != self._version
        self._version = version
        return has_changed

    def _read_version(self) -> int | None:
        try:
            if self._connection is None:
                self._connection = self._database.engine.raw_connection()
            with closing(self._connection.cursor()) as cursor:
                version: int = cursor.execute("PRAGMA data_version").fetchone()[0]
        except (sqlite3.Error, DBAPIError):
            # The look that follows tells what is wrong.
            self.close()
            return None
        return version
