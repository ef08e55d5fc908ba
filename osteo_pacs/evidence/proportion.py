"""A share with its interval, after Wilson 1927: honest for few cases and for shares of 0 and 1."""

from __future__ import annotations

from statistics import NormalDist

from osteo_pacs.evidence.resample import LEVEL, Estimate


def share(count: int, total: int) -> Estimate:
    """``count`` of ``total``; NaN of none."""
    if not total:
        return Estimate(float("nan"), float("nan"), float("nan"))
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    part = count / total
    middle = part + z * z / (2 * total)
    reach = z * (part * (1 - part) / total + z * z / (4 * total * total)) ** 0.5
    scale = 1 + z * z / total
    return Estimate(part, max((middle - reach) / scale, 0.0), min((middle + reach) / scale, 1.0))
