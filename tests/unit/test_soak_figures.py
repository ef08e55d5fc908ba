"""What the soak calls growth."""

from __future__ import annotations

import pytest

from rounds.figures import Sample, figures

FLAT = [Sample(200, 20, 8)] * 12


def growing(last):
    """The measures that grow where the last third is like this."""
    found = figures({"listener-7": [*FLAT[:8], *[last] * 4]})
    assert {figure.process for figure in found} == {"listener"}
    return [figure.measure for figure in found if not figure.is_flat]


@pytest.mark.parametrize(
    ("last", "grows"),
    [
        (FLAT[0], []),
        (Sample(207, 23, 10), []),
        (Sample(230, 20, 8), ["rss_mib"]),
        (Sample(200, 24, 8), ["descriptors"]),
        (Sample(200, 20, 11), ["threads"]),
    ],
)
def test_more_than_the_rule_allows_in_the_last_third_is_growth(last, grows):
    assert growing(last) == grows


def test_what_the_warm_up_takes_is_no_growth():
    assert all(figure.is_flat for figure in figures({"worker-7": [Sample(50, 5, 2)] * 4 + FLAT[:8]}))


def test_a_process_that_lived_too_short_is_not_judged():
    assert figures({"worker-7": FLAT[:5]}) == []
