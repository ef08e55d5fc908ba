"""A chest radiograph: the most frequent picture that a PACS could send by mistake."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import Grid, Plane, add_ellipse, add_tube, bump, inside

FIELD_MM = (400.0, 360.0)


def chest_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """What the beam lost on its way, as areal density: bright mediastinum, dark lungs, ribs over them."""
    x, y = grid.x_mm(), grid.y_mm()
    plane = np.float32(0.75) * inside(1 - np.square(x / 185) ** 2 - np.square((y - 230) / 230) ** 4, 0.2)
    plane += np.float32(0.45) * bump(x, 34.0)
    for side in (-1.0, 1.0):
        _darken_lung(plane, grid, side, 330.0 + float(rng.normal(0, 8)) - 12 * side)
        _add_thorax(plane, grid, side, patient.l1_l4_bmd_g_cm2)
    add_ellipse(plane, grid, (38.0, 255.0), (70.0, 62.0), 0.75, angle_deg=35)
    vertebrae = np.square(np.sin(y * np.float32(np.pi / 24)))
    plane += np.float32(0.10) * vertebrae * bump(x, 14.0)
    return plane


def _darken_lung(plane: Plane, grid: Grid, side: float, base: float) -> None:
    dx = (grid.x_mm() - np.float32(side * 82)) / 62
    up, down = (grid.y_mm() - np.float32(210)) / 160, (grid.y_mm() - np.float32(base)) / 20
    dome = inside(-down - np.float32(0.7) * np.square(dx), 0.5)
    plane -= np.float32(0.55) * inside(1 - np.square(dx) - np.square(up) ** 2, 0.25) * dome * (plane > 0)


def _add_thorax(plane: Plane, grid: Grid, side: float, bmd: float) -> None:
    for index in range(9):
        y = 50.0 + 33.0 * index
        width = 105.0 + 7.0 * min(index, 5)
        points = [
            (side * 18, y),
            (side * width * 0.6, y + 2),
            (side * width, y + 38),
            (side * width * 0.55, y + 80),
        ]
        add_tube(plane, grid, points, [5.0, 6.0, 6.0, 5.0], compact=0.22 * bmd, spongy=0.05)
    add_tube(
        plane, grid, [(side * 15, 62), (side * 80, 45), (side * 150, 40)], [6, 6, 7], compact=0.4 * bmd, spongy=0.1
    )
