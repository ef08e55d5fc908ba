"""A chest radiograph: the most frequent picture that a PACS could send by mistake."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.grid import Grid, Plane
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import add_ellipse, add_tube, bump, inside, rounded

FIELD_MM = (400.0, 360.0)


def chest_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """What the beam lost on its way, as areal density: bright mediastinum, dark lungs, ribs over them."""
    x, y = grid.x_mm(), grid.y_mm()
    shoulders = np.float32(185) - np.float32(60) * bump(y, 45.0)
    plane = np.float32(0.80) * inside(shoulders - np.abs(x), 12.0) * np.ones_like(y)
    plane += np.float32(0.30) * inside(y - np.float32(325), 60.0)
    for side in (-1.0, 1.0):
        _darken_lung(plane, grid, side, float(rng.normal(322 - 8 * side, 6)))
        _add_thorax(plane, grid, side, patient.l1_l4_bmd_g_cm2)
    plane += np.float32(0.42) * bump(x, 24.0)
    plane += np.float32(0.12) * np.square(np.sin(y * np.float32(np.pi / 24))) * bump(x, 12.0)
    heart = (28.0 + float(rng.normal(0, 4)), 262.0)
    add_ellipse(plane, grid, heart, (float(rng.uniform(62, 78)), 52.0), density=0.55, angle_deg=32)
    return plane


def _darken_lung(plane: Plane, grid: Grid, side: float, base: float) -> None:
    dx = (grid.x_mm() - np.float32(side * 84)) / np.float32(64)
    up = (grid.y_mm() - np.float32(250)) / np.float32(200)
    field = inside(1 - np.square(dx) - np.square(np.square(up)), 0.30)
    dome = inside(np.float32(base) - grid.y_mm() - np.float32(26) * np.square(dx), 10.0)
    plane -= np.float32(0.62) * field * dome


def _add_thorax(plane: Plane, grid: Grid, side: float, bmd: float) -> None:
    for index in range(10):
        y = 42.0 + 29.0 * index
        width = 92.0 + 58.0 * float(np.sin(np.pi * min(index + 1.5, 8) / 14))
        back = rounded([(side * 14, y), (side * width * 0.55, y - 6), (side * width, y + 26)])
        add_tube(plane, grid, back, [5.0, 6.0, 5.0], compact=0.17 * bmd, spongy=0.04)
        front = rounded([(side * width, y + 26), (side * width * 0.9, y + 55), (side * width * 0.45, y + 84)])
        add_tube(plane, grid, front, [5.0, 6.0, 6.0], compact=0.12 * bmd, spongy=0.03)
    clavicle = rounded([(side * 14, 60), (side * 70, 46), (side * 150, 34)])
    add_tube(plane, grid, clavicle, [7.0, 5.5, 6.5], compact=0.32 * bmd, spongy=0.10)
