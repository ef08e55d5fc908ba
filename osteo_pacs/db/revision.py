"""Which migration a database has reached: what every command asks first, so without loading Alembic."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect, text

from osteo_pacs.db.session import Database
from osteo_pacs.errors import ConfigurationError
from osteo_pacs.shipped import MIGRATIONS


class DatabaseNotAtHead(ConfigurationError):
    """The database's tables are not those of this version of the program."""

    remedy = "Run `osteo-pacs db upgrade`."


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """Where a database stands among this version's migrations.

    Attributes:
        current: the migration it has reached; None before the first.
        known: this version's migrations, the newest last.
        is_empty: whether it has no tables at all.
    """

    current: str | None
    known: tuple[str, ...]
    is_empty: bool

    @property
    def head(self) -> str:
        """The newest migration."""
        return self.known[-1]

    @property
    def is_at_head(self) -> bool:
        """Whether the tables are those of this version."""
        return self.current == self.head

    @property
    def is_known(self) -> bool:
        """False where a newer version of the program has upgraded it."""
        return self.current is None or self.current in self.known


def status(database: Database) -> DatabaseStatus:
    """Looks and changes nothing."""
    if database.file is not None and not database.file.is_file():
        # A connection would make it.
        return DatabaseStatus(current=None, known=_revisions(), is_empty=True)
    with database.read() as session:
        tables = inspect(session.connection()).get_table_names()
        is_marked = "alembic_version" in tables
        current = session.scalar(text("SELECT version_num FROM alembic_version")) if is_marked else None
    return DatabaseStatus(current, _revisions(), is_empty=not tables)


def require_head(database: Database) -> DatabaseStatus:
    """Refuses to go on with tables of another version; returns what it found.

    Raises:
        DatabaseNotAtHead: it is older, newer or empty.
    """
    found = status(database)
    if not found.is_at_head:
        raise not_at_head(found)
    return found


def not_at_head(found: DatabaseStatus) -> DatabaseNotAtHead:
    """What is wrong with a database of another version, and what mends it."""
    detail = f"it is at {found.current or 'no version'}, the program at {found.head}."
    if found.is_known:
        return DatabaseNotAtHead(detail)
    return DatabaseNotAtHead(detail, remedy="A newer osteo_pacs has upgraded it: install that version here, too.")


def _revisions() -> tuple[str, ...]:
    """By the names of their files, which begin with their numbers."""
    return tuple(sorted(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))
