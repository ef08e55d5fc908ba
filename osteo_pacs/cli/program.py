"""What every command shares: the configuration it works with, and how its errors leave the program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer._click.exceptions import NoSuchOption
from typer.core import TyperGroup

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import print_json, wants_json
from osteo_pacs.errors import ConfigurationError, OsteoPacsError

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.session import Database

CONFIG = "osteo_pacs.config"
"""Where the context keeps what ``--config`` was given."""


class NotFound(OsteoPacsError):
    """What was asked for is not there."""


class NotConfirmed(OsteoPacsError):
    """This would change much, and nobody has confirmed it."""


class Program(TyperGroup):
    """The commands; an error that has a message ends as that message and an exit code, not as a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The nouns, then what is done without one, each in the order in which they were added."""
        names: list[str] = super().list_commands(ctx)
        return sorted(names, key=lambda name: not isinstance(self.commands[name], TyperGroup))

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was named."""
        try:
            return super().invoke(ctx)
        except NoSuchOption as error:
            if error.option_name in {name for parameter in self.params for name in parameter.opts}:
                error.message += ". It stands before the command: `osteo-pacs --config FILE COMMAND`."
            raise
        except OsteoPacsError as error:
            code = exit_code_of(error)
            _print_error(error, code, is_json=wants_json(ctx))
            raise typer.Exit(code) from error


def exit_code_of(error: OsteoPacsError) -> ExitCode:
    """The exit status that tells this error from others."""
    # Told by its home: asking for the classes would load the database's packages for every error.
    if type(error).__module__.startswith("osteo_pacs.db."):
        return ExitCode.DATABASE
    if isinstance(error, ConfigurationError):
        return ExitCode.CONFIGURATION
    if isinstance(error, NotFound):
        return ExitCode.NOT_FOUND
    if isinstance(error, NotConfirmed):
        return ExitCode.USAGE
    return ExitCode.FAILED


def settings_of(context: typer.Context) -> Settings:
    """The configuration in force.

    Raises:
        ConfigurationError: it cannot be used.
    """
    from osteo_pacs.config import load

    return load(config_path(context))


def service_settings_of(context: typer.Context) -> Settings:
    """The configuration in force, looked at as the service needs it.

    Raises:
        ConfigurationError: it cannot be used.
    """
    from osteo_pacs.service.configuration import load_for_service

    return load_for_service(config_path(context))


def config_path(context: typer.Context) -> Path:
    """The file that ``--config``, the environment or the folder names.

    Raises:
        ConfigurationError: there is no such file.
    """
    from osteo_pacs.config import find_config

    return find_config(context.meta.get(CONFIG))


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database, with the tables of this version.

    Raises:
        DatabaseUnavailable: it does not answer.
        DatabaseNotAtHead: its tables are those of another version, or it is not there yet.
    """
    from osteo_pacs.db.revision import require_head

    with connected_database(settings) as database:
        require_head(database)
        yield database


@contextmanager
def connected_database(settings: Settings) -> Iterator[Database]:
    """The database, whatever its tables.

    Raises:
        DatabaseNotAtHead: it is a file that is not there yet; looking at it would create it.
    """
    from osteo_pacs.config.urls import sqlite_file
    from osteo_pacs.db.revision import DatabaseNotAtHead
    from osteo_pacs.db.session import Database

    if (file := sqlite_file(settings.database.url)) and not file.is_file():
        raise DatabaseNotAtHead(f"{file} is not there yet.")
    database = Database(settings.database.url)
    try:
        yield database
    finally:
        database.close()


def _print_error(error: OsteoPacsError, code: ExitCode, *, is_json: bool) -> None:
    if is_json:
        kind = type(error).__name__
        facts = {"type": kind, "message": error.message, "remedy": error.remedy, "exit_code": code.value}
        mistakes = {"mistakes": error.mistakes} if isinstance(error, ConfigurationError) else {}
        print_json({"error": facts | mistakes}, to_stderr=True)
        return
    sys.stderr.write(f"osteo-pacs: {error.message}\n")
    if error.remedy:
        sys.stderr.write(f"  {error.remedy}\n")
