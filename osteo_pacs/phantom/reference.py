"""Published BMD of the lumbar spine by make, sex and age, in g/cm2.

Sources, in the order used:

* Young adults, L1-L4, as the two makes print them on their reports: Hologic women 1.047 (SD 0.110) and men 1.091
  (SD 0.110); GE Lunar women 1.180 and men 1.220 (SD 0.120). The equations below carry the women's means into
  each other within 0.002 g/cm2. A German sample of 462 adults found 1.070 (0.113) in women, and men below the
  make's own value (Calcif Tissue Int 1995;56:350-354).
* Means and SDs by decade, measured on Hologic scanners in NHANES, as tabulated beside a later population in
  Front Endocrinol 2026;17:1748490, table 3 (the survey: Looker et al., Osteoporos Int 2012;23:1351-1360).
  The surveys of 2005 to 2020 show the same level from 80 years on (women 0.90, men 1.07).
* Hologic to GE Lunar: the standardised BMD of Hui et al., J Bone Miner Res 1997;12:1463-1470.
* The levels' share: the young women's means that Hologic prints for L1, L2, L3, L4.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np

from osteo_pacs.phantom.scanner import Make


class Sex(StrEnum):
    """(0010,0040) Patient's Sex, as far as reference values know it."""

    FEMALE = "F"
    MALE = "M"


LEVELS = ("L1", "L2", "L3", "L4")
LEVEL_AREA_SHARE = (0.22, 0.24, 0.26, 0.28)
"""Part of the projected L1-L4 area that belongs to each vertebra."""

_YOUNG_LEVEL_G_CM2 = (0.925, 1.028, 1.084, 1.116)
_YOUNG_ADULT = {
    (Make.HOLOGIC, Sex.FEMALE): (1.047, 0.110),
    (Make.HOLOGIC, Sex.MALE): (1.091, 0.110),
    (Make.GE, Sex.FEMALE): (1.180, 0.120),
    (Make.GE, Sex.MALE): (1.220, 0.120),
}
_DECADE_CENTRES = (25.5, 35.5, 45.5, 55.5, 65.5, 75.5)
_BY_DECADE = {
    Sex.FEMALE: ((1.064, 1.065, 1.056, 0.993, 0.952, 0.902), (0.106, 0.110, 0.134, 0.141, 0.142, 0.167)),
    Sex.MALE: ((1.057, 1.042, 1.051, 1.053, 1.070, 1.068), (0.110, 0.117, 0.129, 0.143, 0.142, 0.177)),
}


@cache
def level_ratio() -> tuple[float, ...]:
    """Each level's young-adult BMD over that of L1-L4; their area-weighted mean is 1."""
    whole = float(np.dot(_YOUNG_LEVEL_G_CM2, LEVEL_AREA_SHARE))
    return tuple(level / whole for level in _YOUNG_LEVEL_G_CM2)


def young_adult(make: Make, sex: Sex) -> tuple[float, float]:
    """Mean and SD of L1-L4 BMD of young adults, the reference of the T-score."""
    return _YOUNG_ADULT[make, sex]


def for_age(make: Make, sex: Sex, age_years: float) -> tuple[float, float]:
    """Mean and SD of L1-L4 BMD at an age, the reference of the Z-score; flat beyond the table's ends."""
    means, sds = _BY_DECADE[sex]
    mean = float(np.interp(age_years, _DECADE_CENTRES, means))
    sd = float(np.interp(age_years, _DECADE_CENTRES, sds))
    return (mean, sd) if make is Make.HOLOGIC else (_to_lunar(mean), sd * _LUNAR_PER_HOLOGIC)


_LUNAR_PER_HOLOGIC = 1.0550 / 0.9683


def _to_lunar(hologic_g_cm2: float) -> float:
    """The GE Lunar reading of a spine that a Hologic reads as this."""
    return (hologic_g_cm2 - 0.972) * _LUNAR_PER_HOLOGIC + 1.100
