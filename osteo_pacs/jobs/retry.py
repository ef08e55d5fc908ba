"""When a job that failed is tried again: exponential backoff with jitter, capped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait doubles with each attempt from ``first_s`` up to ``longest_s``; both in seconds.

    Of each wait the last half is left to chance, so that jobs that failed together do not come back together.
    """

    first_s: float
    longest_s: float

    def delay_s(self, attempts: int, random: Random) -> float:
        """The wait after the attempt of this number, from 1."""
        # 2 ** 1024 is no float; past 62 doublings every wait is the longest.
        whole: float = min(self.longest_s, self.first_s * 2 ** min(max(attempts - 1, 0), 62))
        return whole * (0.5 + 0.5 * random.random())

    def next_attempt_at(self, attempts: int, now: datetime, random: Random) -> datetime:
        """When the attempt after the one of this number, from 1, is due."""
        return now + timedelta(seconds=self.delay_s(attempts, random))
