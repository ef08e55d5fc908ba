"""A shift is found where there is one, and chance is not called one."""

import numpy as np
import pytest

from osteo_pacs.evidence.drift import population_stability, share_rise


def scores(count, *, shift=0.0, seed=1):
    return 1 / (1 + np.exp(-(np.random.Generator(np.random.PCG64(seed)).normal(size=count) + shift)))


def test_the_index_of_equal_distributions_is_within_chance_in_99_of_100_windows():
    beyond = 0
    for seed in range(300):
        found = population_stability(scores(500, seed=seed), scores(200, seed=1000 + seed))
        beyond += found.index > found.by_chance
    assert beyond / 300 < 0.03


def test_a_shift_of_a_standard_deviation_is_found():
    found = population_stability(scores(500), scores(200, shift=1.0, seed=2))
    assert found.index > 0.5 > found.by_chance


def test_the_index_is_the_formula_over_the_references_deciles():
    reference, window = list(range(100)), [5] * 50 + [95] * 50
    p = np.full(10, 10.5) / 105
    q = np.full(10, 0.5)
    q[[0, 9]] = 50.5
    q /= q.sum()
    assert population_stability(reference, window).index == pytest.approx(((q - p) * np.log(q / p)).sum())


def test_scores_that_are_all_alike_have_no_bins_to_differ_in():
    found = population_stability([0.0] * 100, [0.0] * 100)
    assert found.index == pytest.approx(0)


def test_the_rise_of_a_share_has_newcombes_interval():
    # Newcombe 1998, table II, (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    found = share_rise((48, 80), (56, 70))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
