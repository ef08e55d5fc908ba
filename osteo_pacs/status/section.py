"""One section of the status: facts for programs, lines for people, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from osteo_pacs.config import Settings
from osteo_pacs.db.session import Session

SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
SPANS = ((86_400, "d"), (3600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True)
class View:
    """What a section looks at: the installation, a transaction that reads, the database's time and our own."""

    settings: Settings
    session: Session
    now: datetime
    here: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """A section as it was found.

    Attributes:
        name: its key in JSON, and its title.
        facts: for JSON.
        lines: for people.
        attention: a sentence, with the next command, for each thing that needs a person.
    """

    name: str
    facts: Any
    lines: tuple[str, ...]
    attention: tuple[str, ...] = ()


def aligned(rows: Sequence[Sequence[object]]) -> tuple[str, ...]:
    """Rows whose columns stand under each other."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    padded = ((cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in texts)
    return tuple("  ".join(row).rstrip() for row in padded)


def ago(span: timedelta) -> str:
    """A span of time in its largest unit."""
    seconds = max(span.total_seconds(), 0)
    for length, unit in SPANS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: int) -> str:
    """Bytes in their largest unit."""
    for length, unit in SIZES:
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} B"
