"""Where each vertebra lies in an AP picture: the curve of the spine, heights of vertebrae and discs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.reference import Sex, level_ratio

NAMES = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")
FIRST_LUMBAR = NAMES.index("L1")
_WIDTH_MM = (33.5, 35.0, 37.5, 39.5, 41.5, 44.0, 47.0, 51.0, 52.0)
_HEIGHT_MM = (22.0, 23.0, 25.0, 26.5, 27.5, 28.0, 28.0, 23.0, 18.0)
_DISC_BELOW_MM = (4.5, 5.0, 6.5, 7.5, 8.5, 9.5, 8.5, 3.0, 0.0)
_TOP_OF_L1_MM = 31.0

Series = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Vertebra:
    """One vertebra's place and make.

    Attributes:
        name: T10 to S1.
        x_mm, y_mm: its centre in the picture.
        tilt: sine and cosine of its turn in the picture's plane, clockwise.
        width_mm, height_mm: of the body between its end plates.
        twist_mm: how far the spinous process stands off the middle, by rotation about the spine's own axis.
        bmd_g_cm2: mean areal density inside the body's outline.
        wedge: relative loss of height on one side, signed.
        biconcavity: how deep the end plates are, relative to half the height.
        stoutness: size of the arch's parts, about 1, different in everyone.
    """

    name: str
    x_mm: float
    y_mm: float
    tilt: tuple[float, float]
    width_mm: float
    height_mm: float
    twist_mm: float
    bmd_g_cm2: float
    wedge: float
    biconcavity: float
    stoutness: float

    def place(self, u: float, v: float) -> tuple[float, float]:
        """Picture coordinates of a point given in half widths and half heights from the centre."""
        sin, cos = self.tilt
        dx, dy = u * self.width_mm / 2, v * self.height_mm / 2
        return self.x_mm + dx * cos - dy * sin, self.y_mm + dx * sin + dy * cos


def lumbar(spine: tuple[Vertebra, ...]) -> tuple[Vertebra, ...]:
    """L1, L2, L3 and L4 of a spine."""
    return spine[FIRST_LUMBAR : FIRST_LUMBAR + 4]


def lay_out(patient: Patient, rng: np.random.Generator, picture_height_mm: float) -> tuple[Vertebra, ...]:
    """T10 to S1 from top to bottom, with L1 a little lower in taller pictures."""
    heights, discs = _sizes(patient, rng)
    middles = np.cumsum(heights + np.concatenate(([0.0], discs[:-1]))) - heights / 2
    top = _TOP_OF_L1_MM + (picture_height_mm - 195) * 0.35 + patient.confounders.shift_mm[1]
    middles += top - (middles[FIRST_LUMBAR] - heights[FIRST_LUMBAR] / 2)
    curve = _Curve.draw(patient, rng)
    widths = np.array(_WIDTH_MM) * _stature(patient) * (1 + rng.normal(0, 0.015, len(NAMES)))
    stoutness = rng.normal(1, 0.07) * rng.normal(1, 0.04, len(NAMES))
    sizes = np.stack([middles, heights, widths, _densities(patient, rng), stoutness], axis=1)
    return tuple(_vertebra(index, sizes[index], curve, patient, rng) for index in range(len(NAMES)))


def _sizes(patient: Patient, rng: np.random.Generator) -> tuple[Series, Series]:
    """Heights of vertebrae and of the discs below them."""
    scale = _stature(patient)
    heights = np.array(_HEIGHT_MM) * scale * (1 + rng.normal(0, 0.02, len(NAMES)))
    narrowing = 1 - 0.45 * patient.confounders.osteophytes * rng.uniform(0.2, 1, len(NAMES))
    discs = np.array(_DISC_BELOW_MM) * scale * narrowing * (1 + rng.normal(0, 0.10, len(NAMES)))
    if patient.confounders.fractured_level is not None:
        heights[FIRST_LUMBAR + patient.confounders.fractured_level] *= 1 - patient.confounders.height_loss
    return heights, discs


def _stature(patient: Patient) -> float:
    return float((patient.height_cm / 162) ** 0.75 * (1.05 if patient.sex is Sex.MALE else 1.0))


def _densities(patient: Patient, rng: np.random.Generator) -> Series:
    """Areal BMD of T10 to S1; a fractured vertebra keeps its mineral in less area."""
    levels = np.array(patient.bmd_g_cm2)
    confounders = patient.confounders
    if confounders.fractured_level is not None:
        levels[confounders.fractured_level] /= (1 - confounders.height_loss) ** 0.8
    if confounders.dense_level is not None:
        levels[confounders.dense_level] *= rng.uniform(1.35, 1.9)
    usual = patient.l1_l4_bmd_g_cm2 * level_ratio()[0]
    above = usual * np.array([0.80, 0.86, 0.93]) * (1 + rng.normal(0, 0.04, 3))
    below = patient.l1_l4_bmd_g_cm2 * np.array([1.05, 0.85]) * (1 + rng.normal(0, 0.04, 2))
    return np.concatenate([above, levels, below])


@dataclass(frozen=True, slots=True)
class _Curve:
    """The spine's line: x as a function of y, from scoliosis, turn and shift."""

    amplitude_mm: float
    wave_mm: float
    phase: float
    slope: float
    shift_mm: float
    middle_mm: float = 100.0

    @classmethod
    def draw(cls, patient: Patient, rng: np.random.Generator) -> _Curve:
        """A half wave whose steepest ends differ by the Cobb angle."""
        wave = float(rng.uniform(130, 200))
        steepest = float(np.tan(np.deg2rad(patient.confounders.scoliosis_deg / 2)))
        return cls(
            amplitude_mm=steepest * wave / np.pi,
            wave_mm=wave,
            phase=float(rng.normal(0, 0.7)),
            slope=float(np.tan(np.deg2rad(patient.confounders.rotation_deg))),
            shift_mm=patient.confounders.shift_mm[0],
        )

    def x(self, y: float) -> float:
        """Position across at a height; the apex of a curve stands off by its amplitude."""
        swing = float(np.cos(np.pi * (y - self.middle_mm) / self.wave_mm + self.phase)) - 0.5
        return self.amplitude_mm * swing + self.slope * (y - self.middle_mm) + self.shift_mm


def _vertebra(index: int, size: Series, curve: _Curve, patient: Patient, rng: np.random.Generator) -> Vertebra:
    middle, height, width, density, stoutness = size.tolist()
    turn = -float(np.arctan2(curve.x(middle + 5) - curve.x(middle - 5), 10.0)) + float(rng.normal(0, 0.012))
    is_fractured = patient.confounders.fractured_level == index - FIRST_LUMBAR
    frailty = float(np.clip(1.1 - patient.relative_bmd, 0, 0.6))
    return Vertebra(
        name=NAMES[index],
        x_mm=curve.x(middle),
        y_mm=middle,
        tilt=(float(np.sin(turn)), float(np.cos(turn))),
        width_mm=width * (1.05 if is_fractured else 1.0),
        height_mm=height,
        twist_mm=float(rng.normal(0, 0.8) + 0.22 * patient.confounders.scoliosis_deg),
        bmd_g_cm2=density,
        wedge=float(rng.normal(0, 0.015) + (rng.uniform(-0.18, 0.18) if is_fractured else 0.0)),
        biconcavity=0.10 + 0.16 * frailty + (0.12 if is_fractured else 0.0),
        stoutness=stoutness,
    )
