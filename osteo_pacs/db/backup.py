"""A copy of a SQLite database as it stands at one moment, while others go on with it.

written = copy_to(database, Path("backup.db"))      # bytes; whole and on the disk, or an error and no file
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from osteo_pacs.db.session import Database
from osteo_pacs.durable import sync
from osteo_pacs.errors import PermanentError

_UNFINISHED = ".unfinished"


class BackupFailed(PermanentError):
    """The database was not backed up."""


def copy_to(database: Database, file: Path) -> int:
    """Copies the database into a new file, 0600, by SQLite's own backup; returns its size in bytes.

    Writers wait until it is done. The copy is checked before it gets its name.

    Raises:
        BackupFailed: the file is there already, cannot be written, or the copy is damaged; or the database is a
            PostgreSQL, which has a tool of its own for it.
    """
    if not database.is_sqlite:
        raise BackupFailed("it is PostgreSQL's.", remedy="Run `pg_dump --format=custom --file=FILE DATABASE`.")
    if file.exists():
        raise BackupFailed(f"{file} is there already.", remedy="Name a file that is not.")
    unfinished = file.with_name(file.name + _UNFINISHED)
    try:
        _copy(database, unfinished)
        unfinished.rename(file)
        sync(file.parent)
        return file.stat().st_size
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise BackupFailed(f"{file}: {_words(error)}.", remedy="Name a file in a folder with room.") from error


def _copy(database: Database, file: Path) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    with closing(database.engine.raw_connection()) as source, closing(sqlite3.connect(file)) as target:
        # In one step: between two, a writer would have it begin anew, and a busy listener for ever.
        source.driver_connection.backup(target, pages=-1)  # type: ignore[union-attr]
        [(verdict,)] = target.execute("PRAGMA integrity_check(1)")
    if verdict != "ok":
        raise sqlite3.DatabaseError("the copy is damaged")
    sync(file)


def _words(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
