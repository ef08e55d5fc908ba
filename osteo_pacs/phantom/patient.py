"""Simulated patients: who is scanned, how dense the spine truly is, and what stands in the way of reading it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteo_pacs.phantom import reference
from osteo_pacs.phantom.chance import clipped, happens
from osteo_pacs.phantom.confounders import Confounders, draw_confounders
from osteo_pacs.phantom.reference import LEVEL_AREA_SHARE, Sex
from osteo_pacs.phantom.scanner import SCANNERS, ScannerStyle

OSTEOPOROSIS_T_SCORE = -2.5
"""At or below it: osteoporosis (WHO)."""

LevelBmd = tuple[float, float, float, float]

_REFERRAL_SHIFT_SD = 0.45
_LEVEL_SCATTER = 0.045
_BMD_LIMITS_G_CM2 = (0.42, 1.75)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with the truth about the lumbar spine.

    Attributes:
        scanner: whose picture, and whose BMD scale.
        height_cm, weight_kg: stature; the weight drives tissue thickness.
        bmd_g_cm2: areal BMD of L1, L2, L3, L4 without fracture, sclerosis or calcification.
        confounders: what makes the picture harder to read.
    """

    scanner: ScannerStyle
    sex: Sex
    age_years: int
    height_cm: float
    weight_kg: float
    bmd_g_cm2: LevelBmd
    confounders: Confounders

    @property
    def l1_l4_bmd_g_cm2(self) -> float:
        """Area-weighted mean of the four vertebrae."""
        return float(np.dot(self.bmd_g_cm2, LEVEL_AREA_SHARE))

    @property
    def t_score(self) -> float:
        """SDs from the young adult's BMD, of the vertebrae that a reader would evaluate."""
        mean, sd = reference.young_adult(SCANNERS[self.scanner].make, self.sex)
        return (self._evaluated_bmd() - mean) / sd

    @property
    def z_score(self) -> float:
        """SDs from the BMD of this age, of the vertebrae that a reader would evaluate."""
        mean, sd = reference.for_age(SCANNERS[self.scanner].make, self.sex, self.age_years)
        return (self._evaluated_bmd() - mean) / sd

    @property
    def is_osteoporotic(self) -> bool:
        """True at or below the WHO's threshold."""
        return self.t_score <= OSTEOPOROSIS_T_SCORE

    @property
    def relative_bmd(self) -> float:
        """L1-L4 BMD over the young adult's of this make and sex."""
        return self.l1_l4_bmd_g_cm2 / reference.young_adult(SCANNERS[self.scanner].make, self.sex)[0]

    def _evaluated_bmd(self) -> float:
        """BMD without the excluded vertebrae, put on the scale of the L1-L4 reference."""
        kept = [level for level in range(4) if level not in self.confounders.excluded_levels]
        area = np.array(LEVEL_AREA_SHARE)[kept]
        expected = np.array(reference.level_ratio())[kept]
        return float(np.dot(np.array(self.bmd_g_cm2)[kept], area) / np.dot(expected, area))


def draw_patient(
    rng: np.random.Generator,
    scanner: ScannerStyle = ScannerStyle.GE_IDXA,
    *,
    is_osteoporotic: bool | None = None,
    sex: Sex | None = None,
    decade: int | None = None,
    confounder: str | None = None,
) -> Patient:
    """Draws from the people who are sent to densitometry: mostly women, mostly past the menopause.

    BMD follows the population's at that age and sex, 0.45 SD lower because referral selects for risk (about one
    in five is osteoporotic). The same people are drawn, on that condition, with ``is_osteoporotic``, ``sex``,
    ``decade`` (50 for 50 to 59 years) or ``confounder`` (one of `CONFOUNDER_NAMES` that must be there).
    """
    while True:
        patient = _draw(rng, scanner)
        if (
            (sex is None or sex == patient.sex)
            and (decade is None or decade == patient.age_years // 10 * 10)
            and (is_osteoporotic is None or is_osteoporotic == patient.is_osteoporotic)
            and (confounder is None or confounder in patient.confounders.names)
        ):
            return patient


def _draw(rng: np.random.Generator, scanner: ScannerStyle) -> Patient:
    sex = Sex.FEMALE if happens(rng, 0.8) else Sex.MALE
    age_years = int(clipped(rng.normal(66, 10), 38, 92))
    height_cm = float(rng.normal(161 if sex is Sex.FEMALE else 174, 6.5))
    body_mass_index = clipped(rng.lognormal(np.log(25.8), 0.19), 16, 46)
    make = SCANNERS[scanner].make
    mean, sd = reference.for_age(make, sex, age_years)
    bmd = clipped(rng.normal(mean - _REFERRAL_SHIFT_SD * sd, sd), *_BMD_LIMITS_G_CM2)
    return Patient(
        scanner=scanner,
        sex=sex,
        age_years=age_years,
        height_cm=height_cm,
        weight_kg=body_mass_index * (height_cm / 100) ** 2,
        bmd_g_cm2=_scatter_levels(rng, bmd),
        confounders=draw_confounders(
            rng,
            age_years=age_years,
            relative_bmd=bmd / reference.young_adult(make, sex)[0],
            tissue_cm=_tissue_cm(body_mass_index),
        ),
    )


def _tissue_cm(body_mass_index: float) -> float:
    """Thickness of the abdomen: 20 cm at 25 kg/m2, an assumption."""
    return clipped(20 + 0.75 * (body_mass_index - 25), 14, 34)


def _scatter_levels(rng: np.random.Generator, bmd: float) -> LevelBmd:
    """Four vertebrae whose area-weighted mean is ``bmd``."""
    raw = np.array(reference.level_ratio()) * (1 + rng.normal(0, _LEVEL_SCATTER, 4))
    l1, l2, l3, l4 = (bmd * raw / np.dot(raw, LEVEL_AREA_SHARE)).tolist()
    return l1, l2, l3, l4
