"""The figures of a classifier, each for all resamples at once; weights are (resamples, readings).

Counts at a threshold after Altman and Bland 1994; AUROC is the Mann-Whitney statistic (Hanley and McNeil 1982);
AUPRC is average precision, without interpolation (Davis and Goadrich 2006 show why); Brier 1950; ECE over ten
equal bins (Naeini et al. 2015, Guo et al. 2017). Ties count half in AUROC and stand together in AUPRC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osteo_pacs.evidence.resample import Estimate, Values, Weights, estimate, once

BINS = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What a reader said of patients whose truth is known.

    Attributes:
        labels: True where the patient has the condition, shape (readings,).
        scores: higher means more likely, shape (readings,); probabilities where calibration is judged.
        called: True where the reader called it positive, shape (readings,).
    """

    labels: npt.NDArray[np.bool_]
    scores: Floats
    called: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)


Measure = Callable[[Readings, Weights], Values]


def accuracy(readings: Readings, weights: Weights) -> Values:
    """Part of all that was called right."""
    return _ratio(_sum(weights, readings.called == readings.labels), weights.sum(axis=1))


def sensitivity(readings: Readings, weights: Weights) -> Values:
    """Part of the positives that was called positive; recall is another word for it."""
    return _ratio(_sum(weights, readings.called & readings.labels), _sum(weights, readings.labels))


def specificity(readings: Readings, weights: Weights) -> Values:
    """Part of the negatives that was called negative."""
    return _ratio(_sum(weights, ~readings.called & ~readings.labels), _sum(weights, ~readings.labels))


def precision(readings: Readings, weights: Weights) -> Values:
    """Part of what was called positive that is."""
    return _ratio(_sum(weights, readings.called & readings.labels), _sum(weights, readings.called))


def f1(readings: Readings, weights: Weights) -> Values:
    """Harmonic mean of precision and sensitivity."""
    hits = _sum(weights, readings.called & readings.labels)
    return _ratio(2 * hits, _sum(weights, readings.called) + _sum(weights, readings.labels))


def auroc(readings: Readings, weights: Weights) -> Values:
    """The chance that a positive scores above a negative."""
    positives, negatives = _by_score(readings, weights)
    below = np.cumsum(negatives, axis=1) - negatives
    wins = (positives * (below + negatives / 2)).sum(axis=1)
    return _ratio(wins, positives.sum(axis=1) * negatives.sum(axis=1))


def auprc(readings: Readings, weights: Weights) -> Values:
    """Precision at each score, averaged over the positives."""
    positives, negatives = (part[:, ::-1] for part in _by_score(readings, weights))
    hits = np.cumsum(positives, axis=1)
    called = hits + np.cumsum(negatives, axis=1)
    reached = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    return _ratio((positives * reached).sum(axis=1), positives.sum(axis=1))


def brier(readings: Readings, weights: Weights) -> Values:
    """Mean squared distance of probability and truth."""
    return _ratio(weights @ (readings.scores - readings.labels) ** 2, weights.sum(axis=1))


def ece(readings: Readings, weights: Weights) -> Values:
    """Mean distance of probability and frequency over equal bins, weighted by what is in them."""
    gaps = np.zeros((len(readings), BINS))
    gaps[np.arange(len(readings)), bin_of(readings.scores)] = readings.scores - readings.labels
    return _ratio(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))


def bin_of(probabilities: Floats) -> npt.NDArray[np.intp]:
    """The calibration bin of each probability, 0 to 9; a bin holds its lower edge."""
    return np.clip((probabilities * BINS).astype(np.intp), 0, BINS - 1)


AT_THRESHOLD: Mapping[str, Measure] = {
    "accuracy": accuracy,
    "sensitivity": sensitivity,
    "specificity": specificity,
    "precision": precision,
    "f1": f1,
}
RANKING: Mapping[str, Measure] = {"auroc": auroc, "auprc": auprc}
CALIBRATION: Mapping[str, Measure] = {"ece": ece, "brier": brier}
ALL: Mapping[str, Measure] = {**AT_THRESHOLD, **RANKING, **CALIBRATION}


def judge(readings: Readings, draws: Weights, measures: Mapping[str, Measure] = ALL) -> dict[str, Estimate]:
    """Each measure's figure with its bootstrap interval."""
    whole = once(len(readings))
    return {
        name: estimate(measure(readings, whole), measure(readings, draws)) for name, measure in measures.items()
    }


def judge_difference(
    first: Readings, second: Readings, draws: Weights, measures: Mapping[str, Measure] = ALL
) -> dict[str, Estimate]:
    """First minus second, paired: both read the same patients in the same order, and share the draws."""
    whole = once(len(first))
    return {
        name: estimate(
            measure(first, whole) - measure(second, whole), measure(first, draws) - measure(second, draws)
        )
        for name, measure in measures.items()
    }


def _sum(weights: Weights, where: npt.NDArray[np.bool_]) -> Values:
    found: Values = weights @ where.astype(np.float64)
    return found


def _ratio(part: Values, whole: Values) -> Values:
    """NaN where the whole is nothing."""
    quotient: Values = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return quotient


def _by_score(readings: Readings, weights: Weights) -> tuple[Weights, Weights]:
    """Weights of positives and negatives at each distinct score, from the lowest up."""
    if not len(readings):
        return weights, weights
    order = np.argsort(readings.scores, kind="stable")
    ranked = readings.scores[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    sorted_weights, labels = weights[:, order], readings.labels[order]
    positives = np.add.reduceat(sorted_weights * labels, starts, axis=1)
    return positives, np.add.reduceat(sorted_weights * ~labels, starts, axis=1)
