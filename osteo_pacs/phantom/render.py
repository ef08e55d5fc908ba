"""An AP spine picture of a patient: anatomy, then exposure, then the scanner's frame and overlay.

Anatomy, exposure, frame and overlay draw from random streams of their own, so that leaving out the overlay, say,
changes nothing else in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osteo_pacs.findings import Region
from osteo_pacs.phantom import degeneration, reference, surroundings
from osteo_pacs.phantom.chance import happens
from osteo_pacs.phantom.exposure import ToneCurve, expose
from osteo_pacs.phantom.filters import enlarge, smooth_noise
from osteo_pacs.phantom.frame import whiten_outside
from osteo_pacs.phantom.geometry import Geometry, spine_geometry
from osteo_pacs.phantom.grid import Grid, Plane
from osteo_pacs.phantom.hardware import add_hardware
from osteo_pacs.phantom.overlay import OVERLAY_FREQUENCY, burn_in
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.scanner import SCANNERS
from osteo_pacs.phantom.spine import FIRST_LUMBAR, Vertebra, lay_out, lumbar
from osteo_pacs.phantom.vertebra import Outline, add_vertebra

Grey = npt.NDArray[np.uint8]
_BAND_MM = 14.0


@dataclass(frozen=True, slots=True)
class SpinePicture:
    """A picture with what is known of it.

    Attributes:
        grey: pixels, shape (rows, columns).
        regions: where L1, L2, L3, L4 lie, in pixels.
        has_overlay: True where lines and labels are burned in.
        bone_g_cm2: mean true density inside each of L1-L4's outlines, before noise and what lies over the spine.
    """

    grey: Grey
    regions: tuple[Region, ...]
    has_overlay: bool
    bone_g_cm2: tuple[float, ...]


def render_spine(patient: Patient, rng: np.random.Generator) -> Grey:
    """The picture's pixels at the scanner's size, uint8, bone bright (MONOCHROME2)."""
    return draw_spine(patient, rng).grey


def draw_spine(
    patient: Patient, rng: np.random.Generator, *, overlay: bool | None = None, hardware: bool = False
) -> SpinePicture:
    """The picture and what is known of it. ``overlay`` None leaves it to the scanner's habit."""
    sizes, anatomy, exposure, frame, labels = rng.spawn(5)
    geometry = spine_geometry(patient.scanner, sizes)
    spine = lay_out(patient, anatomy, geometry.samples.height_mm)
    density, measured = _anatomy(patient, geometry.samples, spine, anatomy)
    if hardware:
        add_hardware(density, geometry.samples, spine, anatomy)
    seen = expose(density, patient.scanner, geometry.samples, patient.confounders.tissue_cm, exposure)
    grey = enlarge(ToneCurve.draw(SCANNERS[patient.scanner], exposure).grey(seen), geometry.rows, geometry.columns)
    whiten_outside(grey, patient.scanner, geometry, _aims(spine, geometry), frame)
    has_overlay = happens(labels, OVERLAY_FREQUENCY[patient.scanner]) if overlay is None else overlay
    if has_overlay:
        grey = burn_in(grey, geometry, spine, labels)
    return SpinePicture(grey, _regions(spine, geometry), has_overlay, measured)


def _anatomy(
    patient: Patient, grid: Grid, spine: tuple[Vertebra, ...], rng: np.random.Generator
) -> tuple[Plane, tuple[float, ...]]:
    """Areal density of everything in the beam, and the mean of bone in each outline of L1-L4."""
    bone, outlines = _bones(patient, grid, spine, rng)
    measured = _calibrate(bone, outlines, spine, grid)
    bmd, confounders = patient.l1_l4_bmd_g_cm2, patient.confounders
    surroundings.add_ribs(bone, grid, spine, bmd, rng)
    surroundings.add_pelvis(bone, grid, spine, bmd, rng)
    degeneration.add_osteophytes(bone, grid, spine, confounders, rng)
    degeneration.add_aortic_calcification(bone, grid, spine, confounders, rng)
    degeneration.add_metal(bone, grid, confounders.metal, rng)
    bone += surroundings.soft_tissue(grid, spine, SCANNERS[patient.scanner].black, rng)
    return bone, measured


def _bones(
    patient: Patient, grid: Grid, spine: tuple[Vertebra, ...], rng: np.random.Generator
) -> tuple[Plane, list[Outline]]:
    young, _ = reference.young_adult(SCANNERS[patient.scanner].make, patient.sex)
    cells = (int(grid.height_mm / 7), int(grid.width_mm / 2.2))
    texture = smooth_noise(rng, (grid.rows, grid.columns), cells)
    bone = grid.zeros()
    outlines = [add_vertebra(bone, grid, vertebra, texture, young) for vertebra in spine[:-1]]
    return bone, outlines[FIRST_LUMBAR : FIRST_LUMBAR + 4]


def _calibrate(bone: Plane, outlines: list[Outline], spine: tuple[Vertebra, ...], grid: Grid) -> tuple[float, ...]:
    """Scales rows so that each of L1-L4 has its BMD although the neighbours' processes reach into it."""
    levels = lumbar(spine)
    ends = [v.y_mm + part * v.height_mm for v in levels for part in (-0.45, 0.45)]
    for _ in range(3):
        gains = np.repeat([v.bmd_g_cm2 / m for v, m in zip(levels, _means(bone, outlines), strict=True)], 2)
        bone *= np.interp(grid.y_mm()[:, 0], ends, gains).astype(np.float32)[:, None]
    return tuple(_means(bone, outlines))


def _means(bone: Plane, outlines: list[Outline]) -> list[float]:
    return [
        float((bone[window.where] * outline).sum()) / max(float(outline.sum()), 1e-6)
        for window, outline in outlines
    ]


def _aims(spine: tuple[Vertebra, ...], geometry: Geometry) -> npt.NDArray[np.float64]:
    """Where the spine's middle lies in each band of the sweep, damped as the scanner follows it."""
    height = geometry.samples.height_mm
    bands = np.linspace(0, height, max(int(height / _BAND_MM), 2))
    return np.interp(bands, [v.y_mm for v in spine], [v.x_mm for v in spine]) * 0.6


def _regions(spine: tuple[Vertebra, ...], geometry: Geometry) -> tuple[Region, ...]:
    return tuple(_region(vertebra, geometry) for vertebra in lumbar(spine))


def _region(vertebra: Vertebra, geometry: Geometry) -> Region:
    corners = [geometry.pixel(*vertebra.place(u, v)) for u in (-1.0, 1.0) for v in (-1.0, 1.0)]
    columns, rows = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return Region(
        left=max(int(min(columns)), 0),
        top=max(int(min(rows)), 0),
        right=min(int(max(columns)) + 1, geometry.columns),
        bottom=min(int(max(rows)) + 1, geometry.rows),
    )
