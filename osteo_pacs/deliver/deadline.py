"""A moment by which something must have ended, on the clock that no one sets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time of ``time.monotonic()``, in seconds."""

    at_s: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """The deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def at_most(self, seconds: float) -> Deadline:
        """The earlier of this deadline and the one that many seconds from now."""
        return min(self, Deadline.after(seconds), key=lambda deadline: deadline.at_s)

    def remaining_s(self) -> float:
        """Seconds left, more than none.

        Raises:
            TimeoutError: the deadline has passed.
        """
        remaining_s = self.at_s - time.monotonic()
        if remaining_s <= 0:
            raise TimeoutError
        return remaining_s
