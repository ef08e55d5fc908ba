"""Keys from the environment: ``OSTEO_PACS__SECTION__KEY``, with lists and tables as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_settings import EnvSettingsSource, SettingsError

from osteo_pacs.config.settings import ENVIRONMENT_PREFIX, Settings
from osteo_pacs.config.words import nearest


def tables_of(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The tables that the variables of ours give, and a line for each one that gives nothing."""
    ours = {name: value for name, value in environ.items() if name.upper().startswith(ENVIRONMENT_PREFIX)}
    no_json = [name for name, value in ours.items() if not _is_decoded({name: value})]
    mistakes = [f"{name}: a list or a table in the environment is written as JSON" for name in no_json]
    good = {name: value for name, value in ours.items() if name not in no_json}
    return _decoded(good), [*_without_section(ours), *mistakes]


def _without_section(variables: Mapping[str, str]) -> Iterator[str]:
    # pydantic-settings passes over variables whose section it does not know.
    for variable in variables:
        section = variable[len(ENVIRONMENT_PREFIX) :].split("__")[0].lower()
        if section not in Settings.model_fields:
            yield f"{variable}: there is no section [{section}]{nearest(section, Settings.model_fields)}"


def _is_decoded(variables: Mapping[str, str]) -> bool:
    try:
        _decoded(variables)
    except SettingsError:
        return False
    return True


def _decoded(variables: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in variables.items()}
    return source()
