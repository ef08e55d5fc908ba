"""The schema's versions: Alembic driven from code, from a checkout and from a wheel alike."""

from __future__ import annotations

from dataclasses import dataclass

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from osteo_pacs.db.server import require_server
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Base
from osteo_pacs.errors import ConfigurationError
from osteo_pacs.shipped import MIGRATIONS

UPGRADE_LOCK = 0x05E0_9AC5
"""Key of PostgreSQL's advisory lock, so that two hosts that start together upgrade one after the other."""


class DatabaseNotAtHead(ConfigurationError):
    """The database's tables are not those of this version of the program."""

    remedy = "Run `osteo-pacs db upgrade`."


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """Which migration a database has reached, and which is the newest; ``current`` is None before the first.

    ``is_known`` is False where a newer version of the program has upgraded the database.
    """

    current: str | None
    head: str
    is_empty: bool
    is_known: bool

    @property
    def is_at_head(self) -> bool:
        """Whether the tables are those of this version."""
        return self.current == self.head


def upgrade(database: Database) -> DatabaseStatus:
    """Brings the tables to the newest version, in one transaction.

    Raises:
        DatabaseNotAtHead: a newer version of the program has upgraded them.
        ServerTooOld: the database is of a version that the program does not work with.
    """
    require_server(database)
    before = status(database)
    if not before.is_known:
        raise _not_at_head(before)
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        command.upgrade(configuration(session), "head")
    return status(database)


def status(database: Database) -> DatabaseStatus:
    """Looks and changes nothing."""
    scripts = ScriptDirectory.from_config(configuration())
    head, known = scripts.get_current_head(), {script.revision for script in scripts.walk_revisions()}
    if head is None:
        raise LookupError(f"no migration in {MIGRATIONS}")
    if database.file is not None and not database.file.is_file():
        # A connection would make it.
        return DatabaseStatus(current=None, head=head, is_empty=True, is_known=True)
    with database.read() as session:
        connection = session.connection()
        current = MigrationContext.configure(connection).get_current_revision()
        is_empty = not inspect(connection).get_table_names()
    return DatabaseStatus(current=current, head=head, is_empty=is_empty, is_known=current in {None, *known})


def require_head(database: Database) -> None:
    """Refuses to go on with tables of another version.

    Raises:
        DatabaseNotAtHead: it is older, newer or empty.
    """
    found = status(database)
    if not found.is_at_head:
        raise _not_at_head(found)


def _not_at_head(found: DatabaseStatus) -> DatabaseNotAtHead:
    detail = f"it is at {found.current or 'no version'}, the program at {found.head}."
    if found.is_known:
        return DatabaseNotAtHead(detail)
    return DatabaseNotAtHead(detail, remedy="A newer osteo_pacs has upgraded it: install that version here, too.")


def differences(database: Database) -> list[str]:
    """What Alembic sees differ between the database and the tables of this version; empty is right."""
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def configuration(session: Session | None = None) -> Config:
    """Alembic's configuration; what it runs, it runs in the transaction of ``session``."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if session is not None:
        config.attributes["connection"] = session.connection()
    return config
