"""Waiting for what must become true, without sleeping longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, timeout_s: float = 20, every_s: float = 0.01, what: str = "") -> T:
    """The condition's first true value.

    Raises:
        AssertionError: it has not become true in time.
    """
    deadline_s = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"not within {timeout_s} s: {what or condition}; last was {value!r}"
        time.sleep(every_s)
    return value
