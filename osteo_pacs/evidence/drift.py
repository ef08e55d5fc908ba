"""Has what a model meets, or what it says, changed? Figures of a window against a reference, without truth.

The population stability index compares distributions over bins of the reference: sum of (q - p) ln(q / p), with
0.25 as the customary sign of a shift (Siddiqi 2006, Credit Risk Scorecards). It is above zero by chance alone:
without a shift it is about (1/n + 1/m) times a chi-square with bins - 1 degrees of freedom (Yurdakul and Naranjo
2020, Journal of Risk Model Validation 14(4)), so a figure within that chance is no shift, however few the cases.
Shares are compared by the difference and its interval after Newcombe 1998 (Statistics in Medicine 17:873, its
method 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osteo_pacs.evidence.measures import Floats
from osteo_pacs.evidence.proportion import share
from osteo_pacs.evidence.resample import Estimate

BINS = 10
CHANCE = 0.01
"""How often a figure without a shift lies above what is called chance."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The index, and what chance alone gives in ``1 - CHANCE`` of all windows."""

    index: float
    by_chance: float


def population_stability(reference: Sequence[float], window: Sequence[float]) -> Shift:
    """How far the scores of a window lie from those of the reference; each needs at least one score.

    Bins are the reference's deciles, fewer where many scores are alike; half a case is added to each, so that an
    empty bin has a logarithm.
    """
    inner = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = len(inner) + 1
    p, q = (_shares(scores, inner, bins) for scores in (reference, window))
    return Shift(float(((q - p) * np.log(q / p)).sum()), _by_chance(bins, len(reference), len(window)))


def share_rise(before: tuple[int, int], now: tuple[int, int]) -> Estimate:
    """How much a share has risen, with its interval; each is (count, total), the totals above 0."""
    first, second = share(*before), share(*now)
    rise = second.value - first.value
    low = rise - ((second.value - second.low) ** 2 + (first.high - first.value) ** 2) ** 0.5
    high = rise + ((second.high - second.value) ** 2 + (first.value - first.low) ** 2) ** 0.5
    return Estimate(rise, low, high)


def _shares(scores: Sequence[float], inner: Floats, bins: int) -> Floats:
    counts: Floats = np.bincount(np.searchsorted(inner, scores, side="right"), minlength=bins).astype(np.float64)
    counts += 0.5
    shares: Floats = counts / counts.sum()
    return shares


def _by_chance(bins: int, reference: int, window: int) -> float:
    # The whole of scipy.stats is a hundred times as large.
    from scipy.special import chdtri

    return float(chdtri(bins - 1, CHANCE)) * (1 / reference + 1 / window) if bins > 1 else 0.0
