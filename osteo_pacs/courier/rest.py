"""A destination that does not answer is left alone for a while, a longer while each time."""

from __future__ import annotations

import time
from random import Random

from osteo_pacs.config.sections import Jobs
from osteo_pacs.jobs.retry import Backoff

LONGEST_REST_S = 30.0
"""Kept short: when the destination is back, what waits for it goes out within this time."""


class Rest:
    """When a destination may be tried again, on the clock that no one sets."""

    def __init__(self, jobs: Jobs, random: Random) -> None:
        self._backoff = Backoff(jobs.backoff_s, min(jobs.max_backoff_s, LONGEST_REST_S))
        self._random = random
        self._failures = 0
        self._until_s = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the destination may be tried."""
        return time.monotonic() >= self._until_s

    @property
    def is_probing(self) -> bool:
        """Whether the destination has not answered since the last rest: one delivery is enough to find out."""
        return self._failures > 0

    def begin(self) -> None:
        """The destination did not answer."""
        self._failures += 1
        self._until_s = time.monotonic() + self._backoff.delay_s(self._failures, self._random)

    def forget(self) -> None:
        """The destination answered."""
        self._failures = 0
