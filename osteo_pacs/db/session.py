"""One database, opened once in a process: transactions that write, transactions that read.

SQLite has one writer: a writing transaction takes the write lock at its start (BEGIN IMMEDIATE), so that it
waits there and never fails half way. It keeps the rollback journal with synchronous FULL: WAL before 3.51.3 can
corrupt a database that several processes share.

A reading transaction sees one moment, however many statements it has: SQLite knows no other, PostgreSQL is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from osteo_pacs.errors import RetryableError

__all__ = ["Database", "DatabaseUnavailable", "Session", "database_now"]

BUSY_TIMEOUT_S = 15
SQLITE_PRAGMAS = (
    "foreign_keys = ON",
    # Its commit is the journal's header, zeroed and synced. A journal that is deleted can come back after a power
    # cut, and undo a transaction that was committed: the folder is not synced.
    "journal_mode = PERSIST",
    "journal_size_limit = 1048576",
    "synchronous = FULL",
)


WRITES: dict[str, Any] = {"osteo_pacs_writes": True}
READS: dict[str, Any] = {"osteo_pacs_writes": False}
READS_ONE_MOMENT = READS | {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class DatabaseUnavailable(RetryableError):
    """The database does not answer."""

    remedy = "Start it, or mend [database] url; `osteo-pacs doctor` tells when it answers."
    remedy_of_a_file = (
        "Give the file and its folder to the user that runs osteo-pacs, end what holds it, or name another file "
        "in [database] url."
    )


class Database:
    """The database of an installation.

    Transactions raise DatabaseUnavailable where the database cannot be reached or stays locked.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.file = Path(self.url.database or "") if self.is_sqlite else None
        self.engine = _sqlite_engine(url, self.url.database or "") if self.is_sqlite else _server_engine(url)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write; it commits at the end and rolls back on an error."""
        with self._transaction(is_writing=True) as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads, and sees one moment."""
        with self._transaction(is_writing=False) as session:
            yield session

    @contextmanager
    def _transaction(self, *, is_writing: bool) -> Iterator[Session]:
        options = WRITES if is_writing else READS if self.is_sqlite else READS_ONE_MOMENT
        try:
            with (
                self.engine.connect().execution_options(**options) as connection,
                Session(connection, expire_on_commit=False) as session,
                session.begin(),
            ):
                # A Session begins with its first statement; a writer waits for its turn here.
                session.connection()
                yield session
        except OperationalError as error:
            raise self.unavailable(_reason(error)) from error
        except DBAPIError as error:
            # No subclass of DatabaseError: the file is no database, or is damaged.
            if error.connection_invalidated or type(error) is DatabaseError:
                raise self.unavailable(_reason(error)) from error
            raise

    def unavailable(self, reason: str) -> DatabaseUnavailable:
        """The error that says so, with the remedy of a server or of a file."""
        if self.file is None:
            return DatabaseUnavailable(reason)
        return DatabaseUnavailable(f"{self.file}: {reason}.", remedy=DatabaseUnavailable.remedy_of_a_file)

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()


def database_now(session: Session) -> datetime:
    """The database's clock as aware UTC: leases of workers on several hosts run on it alone."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def _reason(error: DBAPIError) -> str:
    # A driver's message may quote the parameters of a statement; its first line does not. Of SQLAlchemy's own
    # messages the engines keep them out.
    return str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__


def _server_engine(url: str) -> Engine:
    # Without these a server that vanishes from the network holds a transaction for a quarter of an hour.
    timeouts = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 20_000}
    return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=5, connect_args=timeouts)


def _sqlite_engine(url: str, path: str) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_S})
    if path not in ("", ":memory:"):
        event.listen(engine, "do_connect", lambda *_: _create_for_us_alone(Path(path)))
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_for_us_alone(path: Path) -> None:
    # SQLite would let everyone read it. Where this fails, so does the connection, which is told better.
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin its own transactions, deferred ones.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    is_writing = connection.get_execution_options().get("osteo_pacs_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
