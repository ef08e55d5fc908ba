"""``config``: whether the configuration can be used, what it says, and a new one to start from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from osteo_pacs import shipped
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.program import config_path, service_settings_of, settings_of
from osteo_pacs.errors import ConfigurationError

app = typer.Typer(help="Check, show or write the configuration.", no_args_is_help=True)

Target = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", show_default=True)]


@app.command()
def check(context: typer.Context, *, json: Json = False) -> None:
    """Say whether the program can use the configuration.

    Every mistake is named at once.
    """
    from osteo_pacs.config.secrecy import remedy, tells_everyone

    settings, path = service_settings_of(context), config_path(context)
    if json:
        print_json({"file": path, "ok": True, "destinations": [d.name for d in settings.destinations]})
        return
    typer.echo(f"{path} can be used.")
    if not settings.destinations:
        typer.echo("No [[destinations]]: reports stay in the database.", err=True)
    if not settings.selection.rules:
        typer.echo("[selection] rules is empty: nothing is read.", err=True)
    if tells_everyone(path, settings):
        typer.echo(f"Every user of this machine can read its password. {remedy(path)}", err=True)


@app.command()
def show(context: typer.Context, *, json: Json = False) -> None:
    """Print every setting in force.

    The environment's are included; a password is not shown.
    """
    from osteo_pacs.config.urls import without_password

    settings = settings_of(context).model_dump(mode="json")
    settings["database"]["url"] = without_password(settings["database"]["url"])
    if json:
        print_json(settings)
        return
    for key, value in _flat(settings):
        typer.echo(f"{key} = {value!r}")


@app.command()
def init(file: Target = Path("config.toml")) -> None:
    """Write a new configuration: every key with its default.

    Each key has its sentence beside it.
    """
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(shipped.CONFIG.read_text(encoding="utf-8"))
    except FileExistsError as error:
        raise ConfigurationError(f"{file} is there already.", remedy="Name another file.") from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from error
    sys.stdout.write(f"{file} written. Next: edit it, then `osteo-pacs --config {file} config check`.\n")


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    items: Iterator[tuple[str, Any]]
    if isinstance(value, dict):
        items = ((f"{prefix}.{key}" if prefix else key, inner) for key, inner in value.items())
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        items = ((f"{prefix}[{number}]", inner) for number, inner in enumerate(value))
    else:
        yield prefix, value
        return
    for key, inner in items:
        yield from _flat(inner, key)
