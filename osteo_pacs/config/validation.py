"""Every mistake in the tables at once: what is wrong with one value does not hide what several say together.

A section looks at what its keys say together only when each of them is right; so what is wrong is taken out, and
the rest is looked at again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from osteo_pacs.config.settings import Settings
from osteo_pacs.config.words import Location, explain

Tables = Mapping[str, Any]
TOGETHER = "value_error"


def mistakes_in(tables: Tables) -> list[str]:
    """A line for each."""
    found = _errors(tables)
    lines = [explain(error, tables) for error in found]
    rest: Tables = tables
    while found and (less := _without(rest, map(_wrong_part, found))) != rest:
        rest, found = less, _errors(less)
        lines += [explain(error, rest) for error in found if error["type"] == TOGETHER]
    lines += _names_given_twice(tables.get("destinations"))
    return list(dict.fromkeys(lines))


def _errors(tables: Tables) -> Sequence[ErrorDetails]:
    try:
        Settings(**tables)
    except ValidationError as error:
        return error.errors()
    return ()


def _wrong_part(error: ErrorDetails) -> Location:
    """Where a value is wrong, or the table that lacks one."""
    return error["loc"][:-1] if error["type"] == "missing" else error["loc"]


def _without(tables: Tables, locations: Iterable[Location]) -> dict[str, Any]:
    rest = copy.deepcopy(dict(tables))
    # From the end: what is taken out of a list moves those behind it.
    for location in sorted(set(map(tuple, locations)), key=_in_order, reverse=True):
        _take_out(rest, location)
    return rest


def _in_order(location: Location) -> list[str]:
    return [f"{part:09d}" if isinstance(part, int) else part for part in location]


def _take_out(tables: Any, location: Location) -> None:
    for place, part in enumerate(location, start=1):
        try:
            inner = tables[part]
        except (KeyError, IndexError, TypeError):
            return
        if place == len(location) or not isinstance(inner, dict | list):
            del tables[part]
            return
        tables = inner


def _names_given_twice(destinations: Any) -> Iterator[str]:
    rows = destinations if isinstance(destinations, list) else []
    names = [row.get("name") for row in rows if isinstance(row, Mapping)]
    if twice := sorted({name for name in names if isinstance(name, str) and names.count(name) > 1}):
        yield f"[[destinations]]: two destinations are called {', '.join(twice)}; give each its own name"
