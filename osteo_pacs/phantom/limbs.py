"""Knee and forearm pictures, with air beside the limb."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.grid import Grid, Plane
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import add_ellipse, add_tube, inside, rounded

KNEE_FIELD_MM = (150.0, 150.0)
FOREARM_FIELD_MM = (150.0, 100.0)
_KNEE_FLESH_MM = 62.0
_FOREARM_FLESH_MM = 33.0


def knee_density(grid: Grid, patient: Patient, rng: np.random.Generator, *, is_left: bool) -> Plane:
    """Areal density of a knee from the front; a right knee is a left one mirrored."""
    bmd, tilt = patient.l1_l4_bmd_g_cm2, float(rng.normal(0, 4))
    joint = 75.0 + float(rng.normal(0, 6))
    femur, lower = grid.zeros(), grid.zeros()
    shaft = rounded([(tilt, -20.0), (tilt * 0.6, joint - 52), (0.0, joint - 24)])
    add_tube(femur, grid, shaft, [14.0, 16.0, 32.0], compact=1.15 * bmd, spongy=0.72 * bmd)
    for side in (-1.0, 1.0):
        add_ellipse(femur, grid, (side * 18.5, joint - 17), (19.5, 16.0), density=0.80 * bmd, rim=0.18 * bmd)
    tibia = rounded([(0.0, joint + 14), (2.0, joint + 36), (4.0, 210.0)])
    add_tube(lower, grid, tibia, [37.0, 20.0, 14.0], compact=1.15 * bmd, spongy=0.62 * bmd)
    lower *= inside(grid.y_mm() - np.float32(joint + 2.5), 1.5)
    femur = np.maximum(femur, lower)
    add_tube(
        femur, grid, [(-35.0, joint + 5), (35.0, joint + 5)], [2.2, 2.2], compact=0.45 * bmd, spongy=0.4 * bmd
    )
    fibula = rounded([(34.0, joint + 20), (32.0, joint + 40), (30.0, 210.0)])
    add_tube(femur, grid, fibula, [9.0, 6.0, 6.0], compact=0.75 * bmd, spongy=0.30 * bmd)
    patella = (float(rng.normal(-2, 2)), joint - 32)
    add_ellipse(femur, grid, patella, (20.0, 22.0), density=0.34 * bmd, rim=0.10 * bmd)
    femur += np.float32(0.10) * inside(np.float32(_KNEE_FLESH_MM) - np.abs(grid.x_mm()), 6.0)
    return femur if is_left else np.ascontiguousarray(femur[:, ::-1])


def forearm_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """Areal density of radius, ulna, wrist and the bases of the fingers."""
    plane = grid.zeros()
    bmd, lean = 0.75 * patient.l1_l4_bmd_g_cm2, float(rng.normal(0, 3))
    radius = rounded([(-12 + lean, 185.0), (-15.0 + lean, 105.0), (-13.0, 66.0), (-12.0, 47.0)])
    ulna = rounded([(13 + lean, 185.0), (14.0 + lean, 105.0), (13.0, 66.0), (13.0, 51.0)])
    add_tube(plane, grid, radius, [7.0, 7.0, 11.0, 14.0], compact=1.1 * bmd, spongy=0.40 * bmd)
    add_tube(plane, grid, ulna, [7.5, 6.0, 6.5, 8.0], compact=1.1 * bmd, spongy=0.35 * bmd)
    for row, y in enumerate((33.0, 21.0)):
        for column in range(4):
            centre = (-19.0 + 11.5 * column + float(rng.normal(0, 1)), y + 2 * row)
            semi_axes = (6.5 + float(rng.normal(0, 0.6)), 6.5 + float(rng.normal(0, 0.6)))
            add_ellipse(plane, grid, centre, semi_axes, density=0.5 * bmd, rim=0.14 * bmd)
    for finger in range(5):
        start, end = (-22.0 + 10.5 * finger, 14.0), (-33.0 + 16.0 * finger, -30.0)
        add_tube(plane, grid, [start, end], [5.5, 3.5], compact=0.8 * bmd, spongy=0.30 * bmd)
    plane += np.float32(0.08) * inside(np.float32(_FOREARM_FLESH_MM) - np.abs(grid.x_mm()), 4.0)
    return plane
