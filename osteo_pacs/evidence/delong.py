"""AUROC by DeLong, DeLong and Clarke-Pearson 1988: its variance, and the paired test of two readers.

The placements come from midranks, as in Sun and Xu 2014, so that thousands of readings cost a sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from osteo_pacs.evidence.resample import LEVEL, Estimate

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """AUROC of several readers of the same patients.

    Attributes:
        values: shape (readers,).
        covariance: of the values, shape (readers, readers).
    """

    values: Floats
    covariance: Floats


def areas(labels: npt.NDArray[np.bool_], scores: Floats) -> Areas:
    """The areas of ``scores``, shape (readers, readings).

    Raises:
        ValueError: fewer than two positives or two negatives, of which no variance can be had.
    """
    positives, negatives = scores[:, labels], scores[:, ~labels]
    m, n = positives.shape[1], negatives.shape[1]
    if min(m, n) < 2:  # noqa: PLR2004 - a variance needs two
        raise ValueError(f"{m} positives and {n} negatives are too few")
    pooled = rankdata(np.concatenate([positives, negatives], axis=1), axis=1)
    over_negatives = (pooled[:, :m] - rankdata(positives, axis=1)) / n
    under_positives = 1 - (pooled[:, m:] - rankdata(negatives, axis=1)) / m
    covariance = np.cov(over_negatives) / m + np.cov(under_positives) / n
    return Areas(over_negatives.mean(axis=1), np.atleast_2d(covariance))


def interval(found: Areas, reader: int = 0) -> Estimate:
    """A reader's AUROC with its normal interval, kept within 0 and 1."""
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * float(np.sqrt(found.covariance[reader, reader]))
    value = float(found.values[reader])
    return Estimate(value, max(value - reach, 0.0), min(value + reach, 1.0))


def p_value(found: Areas) -> float:
    """Two-sided, that the first two readers' areas are equal; 1 where they do not differ at all."""
    difference = float(found.values[0] - found.values[1])
    variance = float(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    return 2 * (1 - NormalDist().cdf(abs(difference) / variance**0.5))
