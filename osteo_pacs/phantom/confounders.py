"""What makes a spine picture harder to read than its BMD: disease, implants, posture and body size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteo_pacs.phantom.chance import clipped, happens

THICK_TISSUE_CM = 26.0
"""From this thickness on the picture is noticeably noisier."""
SCOLIOSIS_DEG = 10.0
MARKED_SEVERITY = 0.35
TURNED_DEG = 4.0
SHIFTED_MM = 14.0
"""From these on a reader would mention scoliosis (Cobb), degeneration or calcification, and malposition."""

FAINT_SEVERITY = 0.15
"""Below it, degeneration or calcification does not show."""

CONFOUNDER_NAMES = (
    "scoliosis",
    "osteophytes",
    "aortic_calcification",
    "compression_fracture",
    "dense_vertebra",
    "metal",
    "malposition",
    "obesity",
)


@dataclass(frozen=True, slots=True)
class Confounders:
    """Each is absent at its default.

    Attributes:
        scoliosis_deg: signed angle between the most tilted vertebrae (Cobb), 0 to about 35 in size.
        osteophytes: 0 to 1, from none to bridging spurs and sclerotic facets.
        aortic_calcification: 0 to 1, from none to a continuous wall along L1-L4.
        fractured_level: index (0 is L1) of a vertebra that lost ``height_loss`` of its height, or None.
        height_loss: 0 to 0.5.
        dense_level: index of one vertebra that is far denser than its neighbours, or None.
        metal: number of small metal things beside or over the spine (clips, a button, a navel ring).
        rotation_deg: how far the patient lies turned in the picture's plane.
        shift_mm: how far the spine lies off the middle, right then down.
        tissue_cm: thickness of the abdomen, which sets the noise.
    """

    scoliosis_deg: float = 0.0
    osteophytes: float = 0.0
    aortic_calcification: float = 0.0
    fractured_level: int | None = None
    height_loss: float = 0.0
    dense_level: int | None = None
    metal: int = 0
    rotation_deg: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    tissue_cm: float = 20.0

    @property
    def excluded_levels(self) -> frozenset[int]:
        """Deformed or sclerotic vertebrae, which a reader leaves out of L1-L4."""
        return frozenset(level for level in (self.fractured_level, self.dense_level) if level is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The confounders that a reader would mention, for results by subgroup."""
        is_present = (
            abs(self.scoliosis_deg) >= SCOLIOSIS_DEG,
            self.osteophytes >= MARKED_SEVERITY,
            self.aortic_calcification >= MARKED_SEVERITY,
            self.fractured_level is not None,
            self.dense_level is not None,
            self.metal > 0,
            abs(self.rotation_deg) >= TURNED_DEG or abs(self.shift_mm[0]) >= SHIFTED_MM,
            self.tissue_cm >= THICK_TISSUE_CM,
        )
        return tuple(name for name, present in zip(CONFOUNDER_NAMES, is_present, strict=True) if present)


def draw_confounders(
    rng: np.random.Generator, *, age_years: float, relative_bmd: float, tissue_cm: float
) -> Confounders:
    """Draws them with the frequencies of an older population; fractures follow low BMD.

    Vertebral fractures rise from under 5 % before 60 to 18 % from 80 on, and with low BMD (NHANES 2013-2014,
    PMC7422504); only L1-L4 of the whole spine are seen here. The other frequencies are assumptions.
    """
    older = clipped((age_years - 45) / 40, 0, 1)
    fracture_odds = (0.015 + 0.09 * older) * clipped(2.2 - 1.6 * relative_bmd, 0.25, 2.5)
    fractured = int(rng.choice(4, p=(0.5, 0.22, 0.15, 0.13))) if happens(rng, fracture_odds) else None
    dense = int(rng.integers(4)) if happens(rng, 0.04) else None
    return Confounders(
        scoliosis_deg=float(rng.normal(0, 3 + (11 if happens(rng, 0.06 + 0.14 * older) else 0))),
        osteophytes=_severity(rng, 0.10 + 0.55 * older),
        aortic_calcification=_severity(rng, 0.05 + 0.40 * older),
        fractured_level=fractured,
        height_loss=float(rng.uniform(0.2, 0.5)) if fractured is not None else 0.0,
        dense_level=dense if dense != fractured else None,
        metal=int(rng.integers(1, 5)) if happens(rng, 0.05) else 0,
        rotation_deg=clipped(rng.normal(0, 1.9), -7, 7),
        shift_mm=(clipped(rng.normal(0, 6), -20, 20), clipped(rng.normal(0, 5), -12, 12)),
        tissue_cm=tissue_cm,
    )


def _severity(rng: np.random.Generator, frequency: float) -> float:
    """0 for most, else 0.2 to 1."""
    return float(rng.uniform(0.2, 1.0)) if happens(rng, frequency) else float(rng.uniform(0, 0.1))
