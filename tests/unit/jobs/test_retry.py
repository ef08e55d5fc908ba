"""Exponential backoff with jitter, capped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from osteo_pacs.jobs.retry import Backoff

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BACKOFF = Backoff(first_s=5, longest_s=900)


class Chance(Random):
    """Chance that always falls the same way."""

    def __init__(self, value: float) -> None:
        self._value = value

    def random(self) -> float:
        return self._value


def test_the_wait_doubles_with_every_attempt_until_it_is_the_longest():
    waits = [BACKOFF.delay_s(attempts, Chance(1.0)) for attempts in range(1, 11)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_half_of_the_wait_is_left_to_chance():
    assert BACKOFF.delay_s(3, Chance(0.0)) == 10
    assert BACKOFF.delay_s(3, Chance(0.5)) == 15


def test_the_next_attempt_is_due_after_the_wait():
    assert BACKOFF.next_attempt_at(1, NOW, Chance(1.0)) == NOW + timedelta(seconds=5)


@given(attempts=st.integers(min_value=0, max_value=10**9), seed=st.integers())
def test_no_wait_is_shorter_than_half_the_first_or_longer_than_the_longest(attempts, seed):
    assert 2.5 <= BACKOFF.delay_s(attempts, Random(seed)) <= 900  # noqa: S311 - chance, no secret
