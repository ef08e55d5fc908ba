from __future__ import annotations

import numpy as np
import pytest

from osteo_pacs.evidence import measures
from osteo_pacs.evidence.measures import Readings
from osteo_pacs.evidence.resample import once, resamples


def readings(labels, scores, threshold=0.5):
    scores = np.array(scores, dtype=float)
    return Readings(np.array(labels, dtype=bool), scores, scores >= threshold)


def value(measure, given):
    return float(measure(given, once(len(given)))[0])


# 104 hits, 5 misses, 1 false alarm, 100 rejections: the table behind a paper's accuracy, recall and precision.
PAPER = readings([1] * 109 + [0] * 101, [1.0] * 104 + [0.0] * 5 + [1.0] + [0.0] * 100)


@pytest.mark.parametrize(
    ("measure", "per_cent"),
    [(measures.accuracy, 97.14), (measures.sensitivity, 95.41), (measures.precision, 99.05), (measures.f1, 97.20)],
)
def test_counts_give_the_figures_of_a_published_table(measure, per_cent):
    assert 100 * value(measure, PAPER) == pytest.approx(per_cent, abs=0.005)


def test_specificity_is_the_share_of_negatives_called_negative():
    assert value(measures.specificity, PAPER) == pytest.approx(100 / 101)


def test_auroc_of_the_textbook_example_is_three_of_four_pairs():
    assert value(measures.auroc, readings([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])) == pytest.approx(0.75)


def test_average_precision_of_the_textbook_example():
    assert value(measures.auprc, readings([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])) == pytest.approx(5 / 6)


def test_a_tie_counts_half_in_auroc_and_stands_together_in_auprc():
    tied = readings([0, 1, 0, 1], [0.2, 0.2, 0.2, 0.2])
    assert value(measures.auroc, tied) == pytest.approx(0.5)
    assert value(measures.auprc, tied) == pytest.approx(0.5)


def test_brier_of_the_textbook_example():
    assert value(measures.brier, readings([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3])) == pytest.approx(0.0375)


def test_ece_weighs_each_bins_gap_by_what_is_in_it():
    given = readings([1, 1, 1, 0, 0], [0.95, 0.95, 0.95, 0.95, 0.25])
    assert value(measures.ece, given) == pytest.approx(4 / 5 * (0.95 - 0.75) + 1 / 5 * 0.25)


def test_a_bin_holds_its_lower_edge_and_the_last_one_certainty():
    assert measures.bin_of(np.array([0.0, 0.0999, 0.1, 0.95, 1.0])).tolist() == [0, 0, 1, 9, 9]


@pytest.mark.parametrize("measure", measures.ALL.values(), ids=measures.ALL)
def test_a_weight_counts_like_that_many_copies(measure):
    rng = np.random.default_rng(4)
    labels, scores = rng.random(40) < 0.4, np.round(rng.random(40), 1)
    weights = rng.integers(0, 4, (3, 40))
    many = measure(readings(labels, scores), weights.astype(float))
    for row, found in zip(weights, many, strict=True):
        copied = readings(np.repeat(labels, row), np.repeat(scores, row))
        assert found == pytest.approx(value(measure, copied))


@pytest.mark.parametrize("name", ["sensitivity", "auroc", "auprc"])
def test_without_positives_there_is_no_figure(name):
    assert np.isnan(value(measures.ALL[name], readings([0, 0], [0.1, 0.9])))


@pytest.mark.parametrize("measure", measures.ALL.values(), ids=measures.ALL)
def test_of_nobody_there_is_no_figure(measure):
    assert np.isnan(value(measure, readings([], [])))


def test_an_undefined_resample_is_left_out_of_the_interval():
    given = readings([1, 0, 0], [0.9, 0.1, 0.2])
    found = measures.judge(given, resamples(range(3), 500, seed=1), {"sensitivity": measures.sensitivity})
    assert (found["sensitivity"].low, found["sensitivity"].high) == (1.0, 1.0)


def test_a_reader_compared_with_itself_differs_by_nothing():
    rng = np.random.default_rng(2)
    given = readings(rng.random(50) < 0.3, rng.random(50))
    found = measures.judge_difference(given, given, resamples(range(50), 100, seed=3))
    assert {(e.value, e.low, e.high) for e in found.values()} == {(0.0, 0.0, 0.0)}


def test_a_paired_interval_is_narrower_than_two_apart():
    rng = np.random.default_rng(5)
    labels, first = rng.random(400) < 0.3, rng.random(400)
    first = np.clip(first + 0.4 * labels, 0, 1)
    second = np.clip(first + rng.normal(0, 0.02, 400), 0, 1)
    draws = resamples(range(400), 400, seed=1)
    apart = [measures.judge(readings(labels, s), draws, measures.RANKING)["auroc"] for s in (first, second)]
    paired = measures.judge_difference(readings(labels, first), readings(labels, second), draws, measures.RANKING)
    assert paired["auroc"].high - paired["auroc"].low < sum(e.high - e.low for e in apart) / 4
