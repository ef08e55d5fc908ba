"""Whether the keywords of the rules are in PS3.6: a misspelt one would silently never match."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.datadict import keyword_dict

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_CLOSE = 0.8


def unknown_keywords(tables: Mapping[str, Any]) -> Iterator[str]:
    """A line for each keyword of the rules, as the tables have them, that the dictionary does not have."""
    selection = tables.get("selection")
    for number, rule in enumerate(_rows(selection, "rules"), start=1):
        where = f"[[selection.rules]] {rule.get('name') or f'number {number}'}"
        for place, condition in enumerate(_rows(rule, "when"), start=1):
            attribute = condition.get("attribute")
            yield from _unknown(f"{where}, when number {place}, attribute =", [attribute])
        yield from _unknown(f"{where}, reason:", _IN_BRACES.findall(str(rule.get("reason", ""))))


def _rows(table: Any, key: str) -> list[Mapping[str, Any]]:
    rows = table.get(key) if isinstance(table, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _unknown(where: str, keywords: list[Any]) -> Iterator[str]:
    for keyword in keywords:
        if isinstance(keyword, str) and keyword not in keyword_dict:
            close = difflib.get_close_matches(keyword, keyword_dict, n=1, cutoff=_CLOSE)
            meant = f"; did you mean {close[0]}?" if close else ""
            yield f"{where} {keyword!r} is no keyword of PS3.6{meant}"
