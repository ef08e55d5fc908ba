from __future__ import annotations

import numpy as np
import pytest

from osteo_pacs.evidence import delong
from osteo_pacs.evidence.proportion import share
from osteo_pacs.evidence.resample import Estimate, estimate, once, resamples


# Newcombe, Statistics in Medicine 1998;17:857-872, table I, Wilson's method without continuity correction.
@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_the_published_one(count, total, low, high):
    found = share(count, total)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_share_of_nothing_has_no_figure():
    assert np.isnan(share(0, 0).value)


def test_the_bootstraps_interval_of_a_share_is_near_the_normal_one():
    called = np.arange(1000) < 300
    draws = resamples(range(1000), 4000, seed=1)
    found = estimate(once(1000) @ called / 1000, draws @ called / 1000)
    reach = 1.96 * (0.3 * 0.7 / 1000) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.3 - reach, 0.3 + reach), abs=0.003)


def test_two_pictures_of_a_patient_are_drawn_together():
    draws = resamples(["a", "b", "a", "c"], 50, seed=1)
    assert (draws[:, 0] == draws[:, 2]).all()
    assert ((draws[:, 0] + draws[:, 1] + draws[:, 3]) == 3).all()


def test_copies_of_patients_do_not_narrow_the_interval():
    called = np.arange(100) < 40
    single = resamples(range(100), 2000, seed=1) @ called / 100
    doubled = resamples(np.repeat(range(100), 2), 2000, seed=1) @ np.repeat(called, 2) / 200
    assert doubled.std() == pytest.approx(single.std(), rel=0.05)


def test_one_seed_gives_one_set_of_draws():
    assert (resamples(range(9), 5, seed=7) == resamples(range(9), 5, seed=7)).all()
    assert (resamples(range(9), 5, seed=7) != resamples(range(9), 5, seed=8)).any()


def test_no_figure_is_null_in_json_and_comes_back():
    missing = estimate(np.array([np.nan]), np.array([0.5]))
    assert missing.to_dict() == {"value": None, "low": None, "high": None}
    assert np.isnan(Estimate.from_dict(missing.to_dict()).low)


def structural_components(labels, scores):
    """DeLong 1988, equations 3 to 6, by every pair."""
    positives, negatives = scores[:, labels], scores[:, ~labels]
    wins = (positives[:, :, None] > negatives[:, None, :]) + 0.5 * (positives[:, :, None] == negatives[:, None, :])
    v10, v01 = wins.mean(axis=2), wins.mean(axis=1)
    return wins.mean(axis=(1, 2)), np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]


def test_delongs_variance_is_that_of_the_structural_components():
    rng = np.random.default_rng(3)
    labels = rng.random(60) < 0.4
    scores = np.round(rng.random((2, 60)) + 0.3 * labels, 1)
    values, covariance = structural_components(labels, scores)
    found = delong.areas(labels, scores)
    assert found.values == pytest.approx(values)
    assert found.covariance == pytest.approx(covariance)


def test_delong_of_the_textbook_example_by_hand():
    # Of the placements 1/2 and 1 of the positives, and 1 and 1/2 of the negatives, each variance is 1/8.
    found = delong.areas(np.array([False, False, True, True]), np.array([[0.1, 0.4, 0.35, 0.8]]))
    assert found.values[0] == pytest.approx(0.75)
    assert found.covariance[0, 0] == pytest.approx(1 / 8 / 2 + 1 / 8 / 2)


def test_delongs_interval_agrees_with_the_bootstraps():
    rng = np.random.default_rng(6)
    labels = rng.random(500) < 0.3
    scores = rng.normal(size=500) + 1.2 * labels
    found = delong.interval(delong.areas(labels, scores[None]))
    from osteo_pacs.evidence.measures import Readings, auroc

    readings = Readings(labels, scores, scores > 0)
    drawn = estimate(auroc(readings, once(500)), auroc(readings, resamples(range(500), 2000, seed=1)))
    assert (found.low, found.high) == pytest.approx((drawn.low, drawn.high), abs=0.006)


def test_equal_readers_have_a_p_value_of_one_and_far_ones_none_to_speak_of():
    rng = np.random.default_rng(8)
    labels = rng.random(300) < 0.5
    good, poor = rng.normal(size=300) + 3 * labels, rng.normal(size=300)
    assert delong.p_value(delong.areas(labels, np.stack([good, good]))) == 1.0
    assert delong.p_value(delong.areas(labels, np.stack([good, poor]))) < 1e-6


def test_one_positive_has_no_variance():
    with pytest.raises(ValueError, match="1 positives"):
        delong.areas(np.array([True, False, False]), np.array([[0.3, 0.2, 0.1]]))
