"""The one clock: aware UTC, passed in as a value or as a callable, never read in the middle of a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, as aware UTC."""
    return datetime.now(UTC)
