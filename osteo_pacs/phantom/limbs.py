"""Knee and forearm pictures."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import Grid, Plane, add_ellipse, add_tube

KNEE_FIELD_MM = (150.0, 150.0)
FOREARM_FIELD_MM = (150.0, 100.0)


def knee_density(grid: Grid, patient: Patient, rng: np.random.Generator, *, is_left: bool) -> Plane:
    """Areal density of a knee from the front; a right knee is a left one mirrored."""
    plane = grid.zeros()
    bmd, tilt = patient.l1_l4_bmd_g_cm2, float(rng.normal(0, 4))
    joint = 75.0 + float(rng.normal(0, 6))
    shell, core = 1.0 * bmd, 0.5 * bmd
    femur = [(tilt, -5.0), (tilt * 0.6, joint - 45), (0.0, joint - 22)]
    add_tube(plane, grid, femur, [14.0, 17.0, 31.0], compact=shell, spongy=core)
    for side, down in ((-1.0, 15.0), (1.0, 16.0)):
        add_ellipse(plane, grid, (side * 19.0, joint - down), (19.0, 15.0), 0.55 * bmd, rim=0.15 * bmd)
    tibia = [(0.0, joint + 7), (2.0, joint + 30), (4.0, 200.0)]
    add_tube(plane, grid, tibia, [37.0, 21.0, 14.0], compact=shell, spongy=core)
    add_tube(plane, grid, [(-36.0, joint + 6), (36.0, joint + 6)], [4.0, 4.0], compact=0.5 * bmd, spongy=0.2 * bmd)
    add_tube(plane, grid, [(33.0, joint + 22), (30.0, 200.0)], [9.0, 6.0], compact=0.6 * bmd, spongy=0.25 * bmd)
    add_ellipse(plane, grid, (float(rng.normal(-2, 2)), joint - 30), (20.0, 22.0), 0.35 * bmd, rim=0.06)
    plane += np.float32(0.07) * (np.abs(grid.x_mm()) < 62)
    return plane if is_left else np.ascontiguousarray(plane[:, ::-1])


def forearm_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """Areal density of radius, ulna, wrist and the bases of the fingers."""
    plane = grid.zeros()
    bmd, lean = 0.75 * patient.l1_l4_bmd_g_cm2, float(rng.normal(0, 3))
    radius = [(-12 + lean, 175.0), (-14.0 + lean, 100.0), (-12.0, 62.0), (-12.0, 45.0)]
    ulna = [(13 + lean, 175.0), (14.0 + lean, 100.0), (13.0, 62.0), (13.0, 50.0)]
    add_tube(plane, grid, radius, [7.0, 7.0, 11.0, 14.0], compact=1.0 * bmd, spongy=0.35 * bmd)
    add_tube(plane, grid, ulna, [7.5, 6.0, 6.5, 8.0], compact=1.0 * bmd, spongy=0.30 * bmd)
    for row, y in enumerate((33.0, 21.0)):
        for column in range(4):
            centre = (-19.0 + 11.5 * column + float(rng.normal(0, 1)), y + 2 * row)
            add_ellipse(plane, grid, centre, (7.0, 7.0), 0.5 * bmd, rim=0.12)
    for finger in range(5):
        start, end = (-22.0 + 10.5 * finger, 14.0), (-33.0 + 16.0 * finger, -30.0)
        add_tube(plane, grid, [start, end], [5.0, 4.0], compact=0.7 * bmd, spongy=0.25 * bmd)
    plane += np.float32(0.06) * (np.abs(grid.x_mm()) < 33)
    return plane
