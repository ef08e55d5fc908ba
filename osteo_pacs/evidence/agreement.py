"""How far two readers agree: share, Cohen's kappa, mean difference of probabilities, each with its interval.

Kappa after Cohen 1960 (Educational and Psychological Measurement 20:37), over the categories that either reader
used; its interval by the percentile bootstrap of `osteo_pacs.evidence.resample`. The mean difference is the bias
of Bland and Altman 1986 (Lancet 327:307).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osteo_pacs.evidence.proportion import share
from osteo_pacs.evidence.resample import Estimate, Values, Weights, estimate, once, resamples

RESAMPLES = 1000
SEED = 20260301


@dataclass(frozen=True, slots=True)
class Said:
    """What two readers said of one case: categories, and probabilities where they gave one."""

    patient: int
    first: str
    second: str
    first_probability: float | None = None
    second_probability: float | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of ``count`` cases; the difference is second minus first, over the cases where both gave a probability."""

    count: int
    share: Estimate
    kappa: Estimate
    difference: Estimate
    differences: int


def agreement(cases: Sequence[Said]) -> Agreement:
    """How far the second reader agrees with the first."""
    same = sum(case.first == case.second for case in cases)
    weights = resamples([case.patient for case in cases], RESAMPLES, SEED)
    kappas = estimate(kappa(cases, once(len(cases))), kappa(cases, weights))
    both = [
        (case.patient, case.second_probability - case.first_probability)
        for case in cases
        if case.first_probability is not None and case.second_probability is not None
    ]
    return Agreement(len(cases), share(same, len(cases)), kappas, _mean(both), len(both))


def kappa(cases: Sequence[Said], weights: Weights) -> Values:
    """Agreement beyond chance, -1 to 1; NaN where chance agrees wholly. ``weights`` is (resamples, cases)."""
    names = sorted({case.first for case in cases} | {case.second for case in cases})
    total = weights.sum(axis=1)
    observed = weights @ np.array([case.first == case.second for case in cases], dtype=float)
    expected = np.zeros(len(weights))
    for name in names:
        firsts = weights @ np.array([case.first == name for case in cases], dtype=float)
        seconds = weights @ np.array([case.second == name for case in cases], dtype=float)
        expected += firsts * seconds
    with np.errstate(invalid="ignore", divide="ignore"):
        po, pe = observed / total, expected / total**2
        found: Values = np.where(pe < 1, (po - pe) / (1 - pe), np.nan)
    return found


def _mean(differences: Sequence[tuple[int, float]]) -> Estimate:
    if not differences:
        return Estimate(float("nan"), float("nan"), float("nan"))
    values = np.array([value for _, value in differences])
    weights = resamples([patient for patient, _ in differences], RESAMPLES, SEED)
    return estimate(np.array([values.mean()]), (weights @ values) / weights.sum(axis=1))
