"""Which database answers, and whether it is one that the program was written for."""

from __future__ import annotations

from osteo_pacs.db.session import Database
from osteo_pacs.errors import ConfigurationError

OLDEST = 16
"""The first PostgreSQL that the program works with and is tested against."""


class ServerTooOld(ConfigurationError):
    """The database is of a version that this program does not work with."""

    remedy = f"Upgrade it to PostgreSQL {OLDEST} or later, or name another one in [database] url."


def require_server(database: Database) -> str:
    """The database's name and version.

    Raises:
        ServerTooOld: it is a PostgreSQL before 16.
        DatabaseUnavailable: it does not answer.
    """
    if database.is_sqlite:
        return "SQLite"
    with database.read() as session:
        # The dialect asks a server for its version when it first connects.
        version = session.connection().dialect.server_version_info or (0,)
    name = f"PostgreSQL {'.'.join(map(str, version))}"
    if int(version[0]) < OLDEST:
        raise ServerTooOld(f"{name}.")
    return name
