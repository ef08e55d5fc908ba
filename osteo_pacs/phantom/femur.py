"""A proximal femur as DXA shows it: head in its socket, neck, trochanters and shaft."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import Grid, Plane, add_ellipse, add_tube

FIELD_MM = (134.5, 170.0)
"""Smallest height, and width, of the picture."""
EXTRA_HEIGHT_MM = 15.5
"""How much taller it may be."""


def femur_density(grid: Grid, patient: Patient, rng: np.random.Generator, *, is_left: bool) -> Plane:
    """Areal density of a hip; a right hip is a left one mirrored."""
    plane = grid.zeros()
    bmd = patient.l1_l4_bmd_g_cm2
    dx, dy = float(rng.normal(0, 5)), float(rng.normal(0, 4))
    _add_pelvis(plane, grid, bmd, dx, dy)
    _add_femur(plane, grid, bmd, dx, dy, float(rng.normal(0, 3)))
    return plane if is_left else np.ascontiguousarray(plane[:, ::-1])


def _add_femur(plane: Plane, grid: Grid, bmd: float, dx: float, dy: float, neck: float) -> None:
    head, waist, base = (-22.0 + dx, 52.0 + dy), (2.0 + dx, 66.0 + dy + neck), (22.0 + dx, 80.0 + dy + neck)
    shell, core = 0.75 * bmd, 0.42 * bmd
    shaft = [(24.0 + dx, 78.0 + dy), (30.0 + dx, 102.0 + dy), (33.0 + dx, 128.0 + dy), (37.0 + dx, 175.0 + dy)]
    add_tube(plane, grid, shaft, [20.0, 17.0, 14.5, 14.0], compact=1.5 * bmd, spongy=0.30 * bmd)
    add_tube(plane, grid, [head, waist, base], [15.0, 13.5, 17.0], compact=shell, spongy=core)
    add_ellipse(plane, grid, head, (22.5, 22.5), 0.75 * bmd, rim=0.10)
    add_ellipse(plane, grid, (36.0 + dx, 62.0 + dy), (13.0, 20.0), 0.42 * bmd, angle_deg=-14, rim=0.08)
    add_ellipse(plane, grid, (12.0 + dx, 103.0 + dy), (8.0, 10.0), 0.40 * bmd, rim=0.06)


def _add_pelvis(plane: Plane, grid: Grid, bmd: float, dx: float, dy: float) -> None:
    x, y = dx - 22.0, dy + 52.0
    socket = [(x + 22, y - 22), (x - 4, y - 31), (x - 27, y - 14), (x - 27, y + 14), (x - 10, y + 30)]
    add_tube(plane, grid, socket, [5.0, 7.5, 7.0, 6.0, 4.5], compact=0.75 * bmd, spongy=0.25 * bmd)
    ilium = [(x - 8, y - 32), (x - 22, y - 60)]
    add_tube(plane, grid, ilium, [20.0, 30.0], compact=0.55 * bmd, spongy=0.22 * bmd)
    ramus = [(x - 28, y + 4), (x - 48, y + 12), (x - 70, y + 22)]
    add_tube(plane, grid, ramus, [9.0, 7.5, 10.0], compact=0.55 * bmd, spongy=0.22 * bmd)
    ischium = [(x - 24, y + 12), (x - 22, y + 46), (x - 32, y + 66), (x - 62, y + 42)]
    add_tube(plane, grid, ischium, [10.0, 11.0, 10.0, 6.5], compact=0.6 * bmd, spongy=0.26 * bmd)
