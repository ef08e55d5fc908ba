"""``db``: the database's tables, brought to the version of the program, and a copy of all that they hold."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.revision import DatabaseStatus
    from osteo_pacs.db.session import Database

app = typer.Typer(help="Bring the database to this version, and back it up.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context, *, json: Json = False) -> None:
    """Make the tables, or bring them to this version.

    A SQLite file that is not there yet is created. The rows that are there are kept.
    """
    from osteo_pacs.db import migrate, revision
    from osteo_pacs.db.session import Database

    settings = settings_of(context)
    with closing(Database(settings.database.url)) as database:
        before = revision.status(database)
        after = before if before.is_at_head else migrate.upgrade(database)
        if not before.is_at_head:
            _tell_of_upgrade(settings, database, before, after)
    if json:
        print_json(_facts(settings, after) | {"upgraded_from": before.current})
    elif before.is_at_head:
        typer.echo(f"The database is at {after.current} already.")
    else:
        typer.echo(f"The database is at {after.current} now (before: {before.current or 'empty'}).")


@app.command()
def status(context: typer.Context, *, json: Json = False) -> None:
    """Say whether the tables are those of this version."""
    from osteo_pacs.config.urls import without_password
    from osteo_pacs.db import revision
    from osteo_pacs.db.session import Database

    settings = settings_of(context)
    with closing(Database(settings.database.url)) as database:
        found = revision.status(database)
    if json:
        print_json(_facts(settings, found))
    else:
        typer.echo(f"{without_password(settings.database.url)} is at {found.current or 'no version'}.")
    if not found.is_at_head:
        raise typer.Exit(ExitCode.DATABASE) if json else revision.not_at_head(found)


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the copy goes; the file must not be there yet.")
    ],
    *,
    json: Json = False,
) -> None:
    """Copy a SQLite database into FILE while the service runs.

    The copy is of one moment, and holds reports and audit trail: keep it as safe as the database. Copy the spool
    after it, never before. A PostgreSQL is backed up by its own pg_dump.
    """
    from osteo_pacs.audit.events import log_used
    from osteo_pacs.config.urls import without_password
    from osteo_pacs.db import audit
    from osteo_pacs.db.backup import copy_to

    settings = settings_of(context)
    with opened_database(settings) as database:
        size_bytes = copy_to(database, file)
        # The copy holds the audit trail, too.
        url, what = without_password(settings.database.url), f"database copied to {file.absolute()}"
        with database.write() as session:
            audit.append(session, log_used(url, what, utc_now(), by=who_types()))
    if json:
        print_json({"file": file.absolute(), "size_bytes": size_bytes})
    else:
        typer.echo(f"{file}: {size_bytes} bytes. Copy the spool now: {settings.spool.directory}")


def _tell_of_upgrade(
    settings: Settings, database: Database, before: DatabaseStatus, after: DatabaseStatus
) -> None:
    from osteo_pacs.audit.events import database_upgraded
    from osteo_pacs.config.urls import without_password
    from osteo_pacs.db import audit

    url = without_password(settings.database.url)
    record = database_upgraded(url, before.current, after.current or "", utc_now(), by=who_types())
    with database.write() as session:
        audit.append(session, record)


def _facts(settings: Settings, found: DatabaseStatus) -> dict[str, object]:
    from osteo_pacs.config.urls import without_password

    return {
        "url": without_password(settings.database.url),
        "current": found.current,
        "head": found.head,
        "is_at_head": found.is_at_head,
        "is_empty": found.is_empty,
    }
