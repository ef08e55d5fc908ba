"""The database: does it answer, and are its tables those of this version?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from osteo_pacs.config import Settings
from osteo_pacs.config.urls import sqlite_file, without_password
from osteo_pacs.db.revision import require_head
from osteo_pacs.db.server import OLDEST, require_server
from osteo_pacs.db.session import Database, database_now
from osteo_pacs.doctor.check import Check, Examination, failed, passed

UPGRADE = "Run `osteo-pacs db upgrade`."


def examinations(settings: Settings) -> Iterator[Examination]:
    """Reachable, new enough, and at head."""
    url = settings.database.url
    yield Examination("database", lambda: _reachable(url), limit_s=20)
    yield Examination("database version", lambda: _new_enough(url), limit_s=20)
    yield Examination("migration", lambda: _at_head(url), limit_s=20)


def _reachable(url: str) -> Check:
    if (file := sqlite_file(url)) and not file.is_file():
        return failed("database", f"{file} is not there yet", UPGRADE)
    with _connected(url) as database, database.read() as session:
        database_now(session)
    return passed("database", f"{without_password(url)} answers")


def _new_enough(url: str) -> Check:
    if sqlite_file(url):
        return passed("database version", f"SQLite {sqlite3.sqlite_version}, which comes with Python")
    with _connected(url) as database:
        return passed("database version", f"{require_server(database)}; {OLDEST} or later is needed")


def _at_head(url: str) -> Check:
    if (file := sqlite_file(url)) and not file.is_file():
        return failed("migration", "there are no tables yet", UPGRADE)
    with _connected(url) as database:
        return passed("migration", f"at {require_head(database).head}, the newest")


@contextmanager
def _connected(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
