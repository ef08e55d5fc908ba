"""The hash chain: every row is kept under the sha256 of the row before and of its own content.

So a row that is changed, taken out, put in or moved breaks the chain there. What the chain alone cannot show is
that its end was cut off, or that all of it was written anew: for that its head must be known elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BEGINNING = "0" * 64
"""What stands for the hash before the first row."""


@dataclass(frozen=True, slots=True)
class Head:
    """How many rows the chain has, and the hash of the last."""

    count: int = 0
    hash: str = BEGINNING


@dataclass(frozen=True, slots=True)
class Link:
    """A row as the chain sees it; ``hash`` is what the database says that it is."""

    position: int
    content: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first row that does not follow from those before it, and what is wrong with it."""

    position: int
    reason: str


def link(previous: str, position: int, content: Mapping[str, Any]) -> str:
    """The hash of a row.

    Args:
        previous: the hash of the row before.
        position: its place, from 1.
        content: its columns; times are aware, the rest is plain JSON.
    """
    told = json.dumps({"position": position, "previous": previous, **content}, sort_keys=True, default=_in_utc)
    return hashlib.sha256(told.encode("ascii")).hexdigest()


class Follower:
    """Follows the chain row by row, from the beginning.

    Attributes:
        head: of what was followed so far.
        broken: where it broke; nothing is followed from there.
    """

    def __init__(self) -> None:
        self.head = Head()
        self.broken: Break | None = None

    def follow(self, links: Iterable[Link]) -> None:
        """Takes the next rows."""
        for each in links:
            if self.broken is None:
                self.broken = self._judge(each)
            if self.broken is not None:
                return
            self.head = Head(each.position, each.hash)

    def _judge(self, each: Link) -> Break | None:
        expected = self.head.count + 1
        if each.position != expected:
            return Break(expected, "it is missing")
        if each.hash != link(self.head.hash, each.position, each.content):
            return Break(expected, "it does not follow from the rows before it: one of them, or it, was changed")
        return None


def _in_utc(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} is not kept in the audit trail")
