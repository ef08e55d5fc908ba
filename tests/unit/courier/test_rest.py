from random import Random

import pytest

from osteo_pacs.config.sections import Jobs
from osteo_pacs.courier import rest as rest_module
from osteo_pacs.courier.rest import LONGEST_REST_S, Rest

JITTER = Random(1)  # noqa: S311 - jitter


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

    clock = Clock()
    monkeypatch.setattr(rest_module, "time", clock)
    return clock


def test_a_destination_may_be_tried_at_first():
    rest = Rest(Jobs(), JITTER)
    assert rest.is_over
    assert not rest.is_probing


def test_a_rest_ends_after_the_first_backoff(clock):
    rest = Rest(Jobs(backoff_s=5), JITTER)
    rest.begin()
    clock.now_s += 2.4
    assert not rest.is_over
    clock.now_s += 2.6
    assert rest.is_over
    assert rest.is_probing


def test_rests_grow_but_stay_short(clock):
    rest = Rest(Jobs(backoff_s=5), JITTER)
    for _ in range(50):
        rest.begin()
    clock.now_s += LONGEST_REST_S / 2 - 0.1
    assert not rest.is_over
    clock.now_s += LONGEST_REST_S / 2 + 0.1
    assert rest.is_over


def test_an_answer_ends_the_series_of_rests(clock):
    rest = Rest(Jobs(backoff_s=5), JITTER)
    for _ in range(10):
        rest.begin()
    rest.forget()
    rest.begin()
    clock.now_s += 5
    assert rest.is_over
