"""From a file and the environment to settings, or to one error that names every mistake with its remedy."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from osteo_pacs.config.settings import ENVIRONMENT_PREFIX, Settings
from osteo_pacs.errors import ConfigurationError

CONFIG_VARIABLE = "OSTEO_PACS_CONFIG"


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


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of one file and the environment.

    Raises:
        ConfigurationError: with a line for each mistake.
    """
    mistakes = [*_unknown_variables(environ)]
    try:
        settings = Settings(**_read(path)).beside(path.parent)
    except ValidationError as error:
        mistakes += [_explain(detail) for detail in error.errors()]
    except SettingsError:
        mistakes += _variables_that_are_no_json(environ)
    if mistakes:
        raise ConfigurationError("\n".join([f"in {path}", *(f"  - {mistake}" for mistake in mistakes)]))
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no TOML: {error}.", remedy="Mend the line it names.") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    # pydantic-settings passes over variables whose section it does not know.
    for variable in environ:
        section = variable.removeprefix(ENVIRONMENT_PREFIX).split("__")[0].lower()
        if variable.startswith(ENVIRONMENT_PREFIX) and section not in Settings.model_fields:
            yield f"{variable}: there is no section [{section}]{_nearest(section, Settings)}"


def _variables_that_are_no_json(environ: Mapping[str, str]) -> Iterator[str]:
    for variable, value in environ.items():
        if not variable.upper().startswith(ENVIRONMENT_PREFIX):
            continue
        *tables, key = variable.lower().removeprefix(ENVIRONMENT_PREFIX.lower()).split("__")
        model = _model_at(tables)
        field = model.model_fields.get(key) if model else None
        if field is None or not (_model_at([*tables, key]) or get_origin(field.annotation) is tuple):
            continue
        try:
            json.loads(value)
        except ValueError:
            yield f"{variable}: a list or a table in the environment is written as JSON"


def _explain(detail: ErrorDetails) -> str:
    *tables, key = detail["loc"] or ("",)
    where = ".".join(str(part) for part in tables) or "the file"
    model = _model_at(tables)
    if detail["type"] == "extra_forbidden":
        return f"[{where}] {key}: there is no such key{_nearest(str(key), model)}"
    if detail["type"] == "missing":
        return f"[{where}] {key}: is missing. {_sentence(model, str(key))}"
    problem = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "string_pattern_mismatch":
        problem = "does not have the form that it must have"
    if not detail["loc"] or isinstance(key, int) or _model_at(detail["loc"]) is not None:
        return f"[{'.'.join(str(part) for part in detail['loc']) or 'the file'}] {problem}"
    # A database URL holds a password.
    value = "" if key == "url" else f" = {detail['input']!r}"
    return f"[{where}] {key}{value}: {problem}. {_sentence(model, str(key))}".rstrip()


def _nearest(name: str, model: type[BaseModel] | None) -> str:
    known = list(model.model_fields) if model else []
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are: {', '.join(known)}" if known else ""


def _sentence(model: type[BaseModel] | None, key: str) -> str:
    field = model.model_fields.get(key) if model else None
    return (field.description or "") if field else ""


def _model_at(location: Sequence[str | int]) -> type[BaseModel] | None:
    """The table at a location such as ('selection', 'rules', 0); None where a plain value lies."""
    model: type[BaseModel] | None = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model else None
        annotation = field.annotation if field else None
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
    return model
