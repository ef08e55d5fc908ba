"""The one statement whose words differ between the databases as SQLAlchemy speaks them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Base


def insert_into(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT; its values go with ``execute``, one row or many."""
    return _insert(session.get_bind().dialect.name, table)


def insert_if_absent(
    session: Session, table: type[Base], values: Mapping[str, Any], identity: tuple[str, ...]
) -> Any | None:
    """Adds a row and returns its primary key; None, and nothing added, where ``identity`` is taken.

    ``identity`` names the columns of a unique constraint.
    """
    statement = _statement(session.get_bind().dialect.name, table, identity)
    return session.execute(statement, dict(values)).scalar_one_or_none()


@cache
def _statement(dialect_name: str, table: type[Base], identity: tuple[str, ...]) -> Any:
    columns = cast("Table", table.__table__)
    statement = _insert(dialect_name, columns).on_conflict_do_nothing(index_elements=list(identity))
    return statement.returning(*columns.primary_key)


def _insert(dialect_name: str, table: type[Base] | Table) -> sqlite.Insert | postgresql.Insert:
    dialect = sqlite if dialect_name == "sqlite" else postgresql
    statement: sqlite.Insert | postgresql.Insert = dialect.insert(table)
    return statement
