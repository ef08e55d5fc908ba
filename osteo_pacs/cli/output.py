"""What commands print: tables and lines for people, JSON for programs.

On a terminal a table is aligned and fits 80 columns; anywhere else it is lines of tab-separated columns without
colour, so that ``cut`` and ``grep`` read it. Messages go to standard error, results to standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

_WANTS_JSON = "osteo_pacs.wants_json"


def _remember(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer calls it
    context.meta[_WANTS_JSON] = value
    return value


STYLES = {
    "delivered": "green", "completed": "green", "yes": "green", "parked": "bold red", "retryable": "yellow",
    "cancelled": "dim",
}  # fmt: skip
"""How a cell that says this looks on a terminal."""


Json = Annotated[bool, typer.Option("--json", help="Print JSON.", callback=_remember)]
"""The option of every command that reads; an error is JSON then, too."""


def wants_json(context: Any) -> bool:
    """Whether the command that runs was given ``--json``."""
    return bool(context.meta.get(_WANTS_JSON))


def print_json(value: Any, *, to_stderr: bool = False) -> None:
    """One JSON document; times are ISO 8601 in UTC."""
    stream = sys.stderr if to_stderr else sys.stdout
    stream.write(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")


def console(*, to_stderr: bool = False) -> Console:
    """Where people read: rich on a terminal, plain text of any width elsewhere."""
    from rich.console import Console

    is_terminal = (sys.stderr if to_stderr else sys.stdout).isatty()
    return Console(stderr=to_stderr, highlight=False, soft_wrap=not is_terminal, emoji=False, markup=False)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, if_empty: str, below: Sequence[str] = ()
) -> None:
    """Rows under their columns' names; ``if_empty`` is said on standard error where there are none.

    Args:
        columns: their names.
        rows: a cell for each column.
        if_empty: a sentence.
        below: columns that are too wide for a terminal: they stand on lines of their own under the row.
    """
    if not rows:
        sys.stderr.write(if_empty + "\n")
    elif sys.stdout.isatty():
        _print_drawn(columns, rows, below)
    else:
        for row in [columns, *rows]:
            sys.stdout.write("\t".join(as_text(cell).replace("\t", " ").replace("\n", " ") for cell in row) + "\n")


def as_text(value: Any) -> str:
    """A cell: local time to the second with its offset from UTC, yes and no, nothing where there is no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().isoformat(sep=" ", timespec="seconds")
    return str(value)


def _print_drawn(columns: Sequence[str], rows: Sequence[Sequence[Any]], below: Sequence[str]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = console()
    beside = [place for place, column in enumerate(columns) if column not in below]
    under = [place for place, column in enumerate(columns) if column in below]
    texts = [[column.replace("_", " ") for column in columns], *([as_text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(columns))]
    for number, row in enumerate(texts):
        cells = [(row[p].ljust(widths[p]), STYLES.get(row[p], "") if number else "bold") for p in beside]
        out.print(Text("  ").join(Text(*cell) for cell in cells))
        for text in [row[p] for p in under if number and row[p]]:
            out.print(Padding(Text(text, "dim", overflow="fold"), (0, 0, 0, 4)))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
