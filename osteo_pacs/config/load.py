"""From a file and the environment to settings, or to one error that names every mistake with its remedy."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from osteo_pacs.config.environment import tables_of
from osteo_pacs.config.settings import Settings
from osteo_pacs.config.validation import Tables, mistakes_in
from osteo_pacs.errors import ConfigurationError

CONFIG_VARIABLE = "OSTEO_PACS_CONFIG"
MEND = "Mend these lines; `osteo-pacs config check` says when none is left."
Look = Callable[[Tables], Iterable[str]]
"""Gives a line for each mistake that it finds in the tables as they are written."""


def find_config(explicit: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """``--config FILE``, else ``$OSTEO_PACS_CONFIG``, else ``./config.toml``.

    Raises:
        ConfigurationError: there is no such file.
    """
    path = (explicit or Path(environ.get(CONFIG_VARIABLE) or "config.toml")).absolute()
    if not path.is_file():
        raise ConfigurationError(
            f"{path} is not there.",
            remedy=f"Name the file with --config FILE or {CONFIG_VARIABLE}, "
            "or write a new one with `osteo-pacs config init`.",
        )
    return path


def load(path: Path, environ: Mapping[str, str] = os.environ, *, looks: Iterable[Look] = ()) -> Settings:
    """The settings of one file and the environment, which wins.

    Args:
        path: the file.
        environ: the environment.
        looks: further looks for mistakes, by those who know what the configuration alone does not.

    Raises:
        ConfigurationError: with a line for each mistake.
    """
    file = _read(path)
    environment, mistakes = tables_of(environ)
    tables = _merged(file, environment)
    for look in (mistakes_in, *looks):
        mistakes += look(tables)
    if mistakes:
        raise ConfigurationError(f"in {path}", remedy=MEND, mistakes=mistakes)
    return Settings(**tables).beside(path.parent)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no TOML: {error}.", remedy="Mend the line it names.") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables as one; where both have a plain value, that of ``above``."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged
