"""A mistake in the configuration in plain words: which table, which key, what is wrong, what the key means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from osteo_pacs.config.settings import Settings

Location = Sequence[str | int]
PHRASES = {
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "dict_type": "is no table",
    "finite_number": "is no finite number",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "int_from_float": "is no whole number",
    "int_parsing": "is no whole number",
    "int_parsing_size": "is too large a number",
    "int_type": "is no whole number",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "model_attributes_type": "is no table",
    "model_type": "is no table",
    "path_type": "is no path",
    "string_type": "is no text",
    "tuple_type": "is no list",
}
"""By pydantic's kinds of error."""
FORMS = {
    r"^[\x20-\x5b\x5d-\x7e]{1,16}$": "1 to 16 ASCII characters without a backslash",
    r"^[a-z0-9_-]{1,32}$": "1 to 32 small letters, digits, - and _",
    r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$": "two times of the day, as 22:00-05:00",
    r"^[A-Z][A-Za-z0-9]+$": "a keyword of PS3.6, as SeriesDescription",
}
"""What a text of each pattern looks like."""


def explain(detail: ErrorDetails, tables: Mapping[str, Any]) -> str:
    """One line for one error of the settings that these tables give."""
    *above, key = detail["loc"] or ("",)
    model = model_at(above)
    if detail["type"] == "extra_forbidden":
        meant = nearest(str(key), model.model_fields if model else ())
        return f"{_key(above, key, tables)}: there is no such key{meant}"
    if detail["type"] == "missing":
        return f"{_key(above, key, tables)}: is missing. {_sentence(model, key)}"
    if model_at(detail["loc"]) is not None:
        return f"{_table(detail['loc'], tables)}: {_problem(detail)}"
    # A database URL holds a password.
    value = "" if key == "url" else f" = {detail['input']!r}"
    if isinstance(key, int):
        *above, of = above
        sentence = _sentence(model_at(above), of)
        return f"{_key(above, of, tables)} number {key + 1}{value}: {_problem(detail)}. {sentence}".rstrip()
    return f"{_key(above, key, tables)}{value}: {_problem(detail)}. {_sentence(model, key)}".rstrip()


def nearest(name: str, known: Iterable[str]) -> str:
    """What may have been meant by a name that is not known."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are: {', '.join(known)}" if known else ""


def model_at(location: Location) -> type[BaseModel] | None:
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


def _problem(detail: ErrorDetails) -> str:
    context = detail.get("ctx") or {}
    if detail["type"] == "string_pattern_mismatch":
        return f"must be {FORMS.get(context['pattern'], 'as ' + context['pattern'])}"
    if phrase := PHRASES.get(detail["type"]):
        return phrase.format(**context)
    return detail["msg"].removeprefix("Value error, ")


def _key(above: Location, key: str | int, tables: Mapping[str, Any]) -> str:
    table = _table(above, tables)
    return f"{table} {key}" if table.endswith("]") else f"{table}, {key}"


def _table(location: Location, tables: Mapping[str, Any]) -> str:
    """``[listener]``; ``[[destinations]] pacs``, or its number from 1 where it has no name."""
    header = list(takewhile(lambda part: isinstance(part, str), location))
    if len(header) == len(location):
        return f"[{'.'.join(map(str, location)) or 'the file'}]"
    row, *further = location[len(header) :]
    words = [f", {part}" if isinstance(part, str) else f" number {part + 1}" for part in further]
    name = _name_at(tables, [*header, row]) or f"number {int(row) + 1}"
    return f"[[{'.'.join(map(str, header))}]] {name}{''.join(words)}"


def _name_at(tables: Any, location: Location) -> str:
    for part in location:
        try:
            tables = tables[part]
        except (KeyError, IndexError, TypeError):
            return ""
    name = tables.get("name") if isinstance(tables, Mapping) else None
    return name if isinstance(name, str) else ""


def _sentence(model: type[BaseModel] | None, key: str | int) -> str:
    field = model.model_fields.get(str(key)) if model else None
    return (field.description or "") if field else ""
