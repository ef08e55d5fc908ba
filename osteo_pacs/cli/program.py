"""What every command shares: the configuration it works with, and how its errors leave the program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import print_json, wants_json
from osteo_pacs.errors import ConfigurationError, OsteoPacsError

if TYPE_CHECKING:
    from osteo_pacs.config import Settings


class NotFound(OsteoPacsError):
    """There is no such thing."""


class Program(TyperGroup):
    """The commands; an error that has a message ends as that message and an exit code, not as a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was named."""
        try:
            return super().invoke(ctx)
        except OsteoPacsError as error:
            code = exit_code_of(error)
            _print_error(error, code, is_json=wants_json(ctx))
            raise typer.Exit(code) from error


def exit_code_of(error: OsteoPacsError) -> ExitCode:
    """The exit status that tells this error from others."""
    if isinstance(error, ConfigurationError):
        return ExitCode.CONFIGURATION
    if isinstance(error, NotFound):
        return ExitCode.NOT_FOUND
    if type(error).__module__.startswith("osteo_pacs.db."):
        return ExitCode.DATABASE
    return ExitCode.FAILED


def settings_of(context: typer.Context) -> Settings:
    """The configuration in force.

    Raises:
        ConfigurationError: it cannot be used.
    """
    from osteo_pacs.config import load

    return load(config_path(context))


def config_path(context: typer.Context) -> Path:
    """The file that ``--config``, the environment or the folder names.

    Raises:
        ConfigurationError: there is no such file.
    """
    from osteo_pacs.config import find_config

    return find_config(context.find_root().params.get("config"))


def _print_error(error: OsteoPacsError, code: ExitCode, *, is_json: bool) -> None:
    if is_json:
        kind = type(error).__name__
        facts = {"type": kind, "message": error.message, "remedy": error.remedy, "exit_code": code.value}
        print_json({"error": facts}, to_stderr=True)
        return
    sys.stderr.write(f"osteo-pacs: {error.message}\n")
    if error.remedy:
        sys.stderr.write(f"  {error.remedy}\n")
