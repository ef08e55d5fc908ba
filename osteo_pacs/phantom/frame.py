"""The area that was scanned: around it a GE picture is saturated white, with an edge in stairs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from osteo_pacs.phantom.chance import happens
from osteo_pacs.phantom.geometry import Geometry
from osteo_pacs.phantom.scanner import SCANNERS, Make, ScannerStyle

OUTSIDE_GREY = 252
"""What GE pictures hold outside the scanned area."""


def whiten_outside(
    grey: npt.NDArray[np.uint8],
    style: ScannerStyle,
    geometry: Geometry,
    middle_mm: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Overwrites what was not scanned. ``middle_mm`` is where the sweep aimed in each of its bands, top first.

    The scanner shortens its sweeps to the bone it finds, band by band; half of the pictures show it.
    """
    if SCANNERS[style].make is not Make.GE:
        return
    half = geometry.samples.width_mm / 2 * float(rng.uniform(0.80, 1.25))
    steps = rng.integers(-1, 2, (2, len(middle_mm))).cumsum(axis=1) * float(rng.choice((0.0, 2.4, 4.8)))
    lefts = middle_mm - half + np.abs(steps[0])
    rights = middle_mm + half - np.abs(steps[1])
    edges = np.linspace(0, geometry.rows, len(middle_mm) + 1).astype(int)
    for top, bottom, left, right in zip(edges, edges[1:], lefts, rights, strict=False):
        grey[top:bottom, : max(int(geometry.pixel(left, 0)[0]), 0)] = OUTSIDE_GREY
        grey[top:bottom, max(int(geometry.pixel(right, 0)[0]), 0) :] = OUTSIDE_GREY
    _whiten_ends(grey, rng)


def _whiten_ends(grey: npt.NDArray[np.uint8], rng: np.random.Generator) -> None:
    """A scan that was stopped early, or started late, leaves a white end."""
    rows = grey.shape[0]
    if happens(rng, 0.25):
        grey[rows - int(rows * rng.uniform(0.01, 0.06)) :] = OUTSIDE_GREY
    if happens(rng, 0.10):
        grey[: int(rows * rng.uniform(0.005, 0.02))] = OUTSIDE_GREY
