"""The schema's versions: Alembic driven from code, from a checkout and from a wheel alike."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.orm import Session

from osteo_pacs.db.revision import DatabaseStatus, not_at_head, status
from osteo_pacs.db.server import require_server
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Base
from osteo_pacs.shipped import MIGRATIONS

UPGRADE_LOCK = 0x05E0_9AC5
"""Key of PostgreSQL's advisory lock, so that two hosts that start together upgrade one after the other."""


def upgrade(database: Database) -> DatabaseStatus:
    """Brings the tables to the newest version, in one transaction.

    Raises:
        DatabaseNotAtHead: a newer version of the program has upgraded them.
        ServerTooOld: the database is of a version that the program does not work with.
    """
    require_server(database)
    before = status(database)
    if not before.is_known:
        raise not_at_head(before)
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        command.upgrade(configuration(session), "head")
    return status(database)


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
