"""The one statement whose words differ between the databases as SQLAlchemy speaks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Base


def insert_into(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT; its values go with ``execute``, one row or many."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement: sqlite.Insert | postgresql.Insert = dialect.insert(table)
    return statement


def insert_if_absent(
    session: Session, table: type[Base], values: Mapping[str, Any], identity: Sequence[str]
) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that does nothing where a row has the same ``identity``, the columns of a unique constraint.

    With ``returning`` it yields a row only where it added one.
    """
    statement = insert_into(session, table).values(dict(values))
    return statement.on_conflict_do_nothing(index_elements=list(identity))
