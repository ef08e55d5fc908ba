"""Two models on the same images: the difference of two paired shares, with Tango's score interval.

Tango, T. (1998). Equivalence test and confidence interval for the difference in proportions for the paired-sample
design. Statistics in Medicine 17:891-908. It keeps its level for few discordant pairs, where Wald's interval
collapses to a point, and it is the inversion of the test of non-inferiority itself. Newcombe (1998, Statistics in
Medicine 17:2635-2650) compares such intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from osteo_pacs.evidence.resample import LEVEL, Estimate

Bools = npt.NDArray[np.bool_]
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Discordance:
    """How two models differ on the same images.

    Attributes:
        first_only: images where the first alone has what is counted.
        second_only: where the second alone has.
        images: all of them.
    """

    first_only: int
    second_only: int
    images: int

    @classmethod
    def of(cls, first: Bools, second: Bools) -> Discordance:
        """Counted over two arrays of shape (images,)."""
        return cls(int((first & ~second).sum()), int((~first & second).sum()), len(first))

    @property
    def difference(self) -> float:
        """The first's share minus the second's; NaN of none."""
        return (self.first_only - self.second_only) / self.images if self.images else _NAN


def tango_z(found: Discordance, difference: float) -> float:
    """The score statistic of the hypothesis that the difference is this; it falls as the hypothesis rises.

    The share of second-only pairs is estimated under the hypothesis, as the larger root of Tango's quadratic.
    """
    b, c, n, delta = found.first_only, found.second_only, found.images, difference
    quadratic, linear = 2 * n, -b - c + (2 * n - b + c) * delta
    constant = -c * delta * (1 - delta)
    # Rounding may take the discriminant of a double root below 0.
    share = (max(linear * linear - 4 * quadratic * constant, 0.0) ** 0.5 - linear) / (2 * quadratic)
    variance = n * (2 * share + delta * (1 - delta))
    distance = b - c - n * delta
    if variance <= 0:
        return 0.0 if distance == 0 else float(np.copysign(np.inf, distance))
    return float(distance / variance**0.5)


def paired_difference(found: Discordance, level: float = LEVEL) -> Estimate:
    """The difference with its two-sided interval; each of its ends is a one-sided limit at (1 + level) / 2."""
    if not found.images:
        return Estimate(_NAN, _NAN, _NAN)
    z, value = NormalDist().inv_cdf((1 + level) / 2), found.difference
    return Estimate(value, _root(found, z, -1.0, value), _root(found, -z, value, 1.0))


def _root(found: Discordance, z: float, low: float, high: float) -> float:
    """Where the statistic is ``z``, between an end and the estimate."""
    edge = 1e-9
    inner = (max(low, -1 + edge), min(high, 1 - edge))
    at_low, at_high = (tango_z(found, end) - z for end in inner)
    if at_low * at_high > 0:
        return low if z > 0 else high
    return float(brentq(lambda delta: tango_z(found, delta) - z, *inner, xtol=1e-10))
