"""A proximal femur as DXA shows it: head in its socket, neck, trochanters and shaft."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.grid import Grid, Plane, Point
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import add_ellipse, add_tube, inside, rounded

FIELD_MM = (134.5, 170.0)
"""Smallest height, and width, of the picture."""
EXTRA_HEIGHT_MM = 15.5
"""How much taller it may be."""


def femur_density(grid: Grid, patient: Patient, rng: np.random.Generator, *, is_left: bool) -> Plane:
    """Areal density of a hip; a right hip is a left one mirrored."""
    bmd = patient.l1_l4_bmd_g_cm2
    head = (-22.0 + float(rng.normal(0, 5)), 52.0 + float(rng.normal(0, 4)))
    plane = _femur(grid, head, bmd, droop=float(rng.normal(0, 3)))
    _add_pelvis(plane, grid, head, bmd)
    return plane if is_left else np.ascontiguousarray(plane[:, ::-1])


def _femur(grid: Grid, head: Point, bmd: float, *, droop: float) -> Plane:
    """Parts of one bone do not add up: the densest counts. The shaft's thick wall begins below the trochanters."""
    x, y = head
    shaft, end, knobs = grid.zeros(), grid.zeros(), grid.zeros()
    axis = rounded([(x + 38, y + 24), (x + 46, y + 42), (x + 53, y + 65), (x + 60, y + 140)])
    add_tube(shaft, grid, axis, [22.0, 17.5, 15.0, 14.5], compact=1.6 * bmd, spongy=0.40 * bmd)
    shaft *= inside(grid.y_mm() - np.float32(y + 52), 40.0)
    add_tube(end, grid, axis, [23.0, 17.5, 15.0, 14.5], compact=0.72 * bmd, spongy=0.62 * bmd)
    bridge = rounded([(x, y), (x + 20, y + 13 + droop * 0.5), (x + 44, y + 30 + droop)])
    add_tube(knobs, grid, bridge, [19.0, 15.5, 21.0], compact=0.95 * bmd, spongy=0.66 * bmd)
    add_ellipse(knobs, grid, (x + 10, y + 6), (24.0, 6.0), density=0.16 * bmd, angle_deg=35)
    plane = np.maximum(np.maximum(shaft, end), knobs)
    for place, semi_axes, turn, part in (
        (head, (23.5, 23.5), 0.0, 0.90),
        ((x + 50, y + 10), (15.0, 20.0), -24.0, 0.70),
        ((x + 33, y + 50), (8.0, 13.0), 25.0, 0.66),
    ):
        knob = grid.zeros()
        add_ellipse(knob, grid, place, semi_axes, density=part * bmd, angle_deg=turn, rim=0.10 * bmd)
        np.maximum(plane, knob, out=plane)
    return plane


def _add_pelvis(plane: Plane, grid: Grid, head: Point, bmd: float) -> None:
    x, y = head
    socket = rounded([(x + 27, y - 17), (x + 8, y - 29), (x - 16, y - 24), (x - 27, y - 2), (x - 20, y + 20)])
    add_tube(plane, grid, socket, [3.5, 6.0, 7.5, 7.0, 4.5], compact=0.85 * bmd, spongy=0.30 * bmd)
    ilium = rounded([(x + 2, y - 30), (x - 12, y - 52), (x - 20, y - 90)])
    add_tube(plane, grid, ilium, [20.0, 26.0, 38.0], compact=0.50 * bmd, spongy=0.26 * bmd)
    pubis = rounded([(x - 26, y + 2), (x - 46, y + 10), (x - 66, y + 26), (x - 74, y + 44)])
    add_tube(plane, grid, pubis, [9.5, 7.5, 8.5, 11.0], compact=0.60 * bmd, spongy=0.26 * bmd)
    ischium = rounded([(x - 22, y + 14), (x - 17, y + 40), (x - 24, y + 62), (x - 46, y + 64), (x - 72, y + 46)])
    add_tube(plane, grid, ischium, [9.0, 11.5, 12.0, 7.5, 6.5], compact=0.60 * bmd, spongy=0.30 * bmd)
