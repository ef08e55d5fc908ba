"""A writing transaction in the driver's own words.

For one path alone, where every sender waits for the commit: there SQLAlchemy's own work is a quarter of what an
instance costs. Statements are those that SQLite and PostgreSQL share; a test on both holds them to the tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import UtcDateTime

Values = Mapping[str, Any]


class Lean:
    """Runs statements whose parameters are written ``:name``."""

    def __init__(self, driver: Any, *, is_sqlite: bool, time: Callable[[datetime], Any]) -> None:
        self._driver = driver
        self._is_sqlite = is_sqlite
        self.time = time
        """A time as the database keeps it."""

    def run(self, statement: str, values: Values) -> None:
        """Runs a statement that gives no row."""
        self._execute(statement, values)

    def first(self, statement: str, values: Values) -> tuple[Any, ...] | None:
        """The first row."""
        row: tuple[Any, ...] | None = self._execute(statement, values).fetchone()
        return row

    def _execute(self, statement: str, values: Values) -> Any:
        return self._driver.execute(statement if self._is_sqlite else _in_percents(statement), values)


@contextmanager
def lean_write(database: Database) -> Iterator[Lean]:
    """Like ``database.write()``: commits at the end, rolls back on an error.

    Raises:
        DatabaseUnavailable: the database cannot be reached or stays locked.
    """
    dbapi = database.engine.dialect.loaded_dbapi
    try:
        with _pooled(database) as connection:
            if database.is_sqlite:
                connection.driver_connection.execute("BEGIN IMMEDIATE")
            yield Lean(connection.driver_connection, is_sqlite=database.is_sqlite, time=_time(database))
            connection.commit()
    except dbapi.OperationalError as error:
        raise database.unavailable((str(error).strip() or type(error).__name__).splitlines()[0]) from error


@contextmanager
def _pooled(database: Database) -> Iterator[Any]:
    connection = database.engine.raw_connection()
    try:
        yield connection
    finally:
        # The pool rolls back what was not committed, and drops a connection that is broken.
        connection.close()


@cache
def _in_percents(statement: str) -> str:
    """A statement with its parameters as psycopg writes them."""
    return re.sub(r":(\w+)", r"%(\1)s", statement)


def _time(database: Database) -> Callable[[datetime], Any]:
    return UtcDateTime().dialect_impl(database.engine.dialect).bind_processor(database.engine.dialect) or _as_it_is


def _as_it_is(time: datetime) -> datetime:
    return time
