"""The bootstrap, as weights: a resample says how often each reading counts, and every measure takes weights.

Patients are drawn, not pictures (the cluster bootstrap of Davison and Hinkley 1997, section 3.8), because two
pictures of a patient are not independent. Percentile intervals after Efron and Tibshirani 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float64]
"""Shape (resamples, readings)."""

Values = npt.NDArray[np.float64]
"""Shape (resamples,); NaN where a resample has no such figure, e.g. no positive patient."""

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; all NaN where it cannot be computed."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """For JSON, to four decimals; None for NaN."""
        parts = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(part) else round(part, 4) for name, part in parts.items()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Estimate:
        """The inverse of `to_dict`."""
        return cls(*(float("nan") if record[name] is None else record[name] for name in ("value", "low", "high")))


def once(readings: int) -> Weights:
    """The sample itself: every reading counts once; shape (1, readings)."""
    return np.ones((1, readings))


def resamples(patients: Sequence[Any] | npt.NDArray[Any], count: int, seed: int) -> Weights:
    """``count`` draws of as many patients as there are, with replacement; one seed, one answer.

    Args:
        patients: whose each reading is, shape (readings,).
        count: how many draws.
        seed: of the draws.
    """
    _, owner = np.unique(np.asarray(patients), return_inverse=True)
    number = int(owner.max()) + 1 if owner.size else 0
    if not number:
        return np.ones((count, 0))
    rng = np.random.Generator(np.random.PCG64(seed))
    drawn = rng.multinomial(number, np.full(number, 1 / number), size=count)
    return drawn[:, owner].astype(np.float64)


def estimate(sample: Values, draws: Values) -> Estimate:
    """The sample's figure, shape (1,), with the percentiles of its ``draws``."""
    found = draws[~np.isnan(draws)]
    if np.isnan(sample[0]) or not found.size:
        return Estimate(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(found, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Estimate(float(sample[0]), float(low), float(high))
