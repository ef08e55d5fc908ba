"""A lateral spine as vertebral fracture assessment shows it: T4 to L5 from the side."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import Grid, Plane, add_ellipse, add_tube, bump, inside

FIELD_MM = (442.0, 202.0)
_COUNT = 14


def lateral_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """Areal density from the side: bodies on a curve, arches behind, ribs, pelvis and the dome of the diaphragm."""
    plane = grid.zeros()
    bmd = patient.l1_l4_bmd_g_cm2
    y = 22.0 + float(rng.normal(0, 6))
    for index in range(_COUNT):
        share = index / (_COUNT - 1)
        height, depth = 17.0 + 11.0 * share, 23.0 + 12.0 * share
        y += height / 2
        _add_body(plane, grid, (_curve(y), y), (depth, height), bmd * (0.75 + 0.35 * share))
        _add_arch(plane, grid, (_curve(y), y), depth, bmd)
        y += height / 2 + 2.5 + 7.5 * share
    _add_ribs(plane, grid, bmd, rng)
    add_ellipse(plane, grid, (_curve(y) + 5, y + 22), (30.0, 28.0), 0.55 * bmd)
    add_ellipse(plane, grid, (-50.0, y + 10), (50.0, 42.0), 0.30 * bmd, rim=0.15 * bmd)
    plane += np.float32(0.18) * inside(grid.y_mm() - 190 - 0.0016 * np.square(grid.x_mm() + 40), 8.0)
    return plane


def _curve(y: float) -> float:
    """The spine's line: convex backwards (right) in the chest, forwards in the loin."""
    return 18.0 + 20.0 * float(np.cos((y - 120.0) / 80.0)) - 10.0 * max(y - 330.0, 0.0) / 100.0


def _add_body(
    plane: Plane, grid: Grid, centre: tuple[float, float], size: tuple[float, float], bmd: float
) -> None:
    turn = float(np.arctan2(_curve(centre[1] + 5) - _curve(centre[1] - 5), 10.0))
    reach = max(size)
    window = grid.window(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    dx, dy = window.x - np.float32(centre[0]), window.y - np.float32(centre[1])
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u = (dx * cos - dy * sin) * np.float32(2 / size[0])
    v = (dy * cos + dx * sin) * np.float32(2 / size[1])
    u = u / (1 - np.float32(0.10) * np.maximum(1 - np.square(v), 0))
    body = inside(1 - np.square(np.square(u)) ** 2 - np.square(np.square(v)) ** 2, 0.8)
    rim = bump(np.abs(v) - np.float32(0.92), 0.10) + 0.6 * bump(np.abs(u) - np.float32(0.94), 0.08)
    plane[window.where] += np.float32(0.55 * bmd) * body * (1 + np.float32(0.5) * rim)


def _add_arch(plane: Plane, grid: Grid, centre: tuple[float, float], depth: float, bmd: float) -> None:
    x, y = centre[0] + depth / 2, centre[1]
    add_tube(plane, grid, [(x - 3, y - 4), (x + 12, y - 2)], [4.5, 5.0], compact=0.4 * bmd, spongy=0.2 * bmd)
    add_tube(plane, grid, [(x + 10, y - 9), (x + 13, y + 13)], [4.0, 4.5], compact=0.4 * bmd, spongy=0.25 * bmd)
    add_tube(plane, grid, [(x + 15, y + 4), (x + 38, y + 12)], [6.5, 6.0], compact=0.22 * bmd, spongy=0.12 * bmd)


def _add_ribs(plane: Plane, grid: Grid, bmd: float, rng: np.random.Generator) -> None:
    for index in range(10):
        y = 25.0 + index * 24.0
        drop = float(rng.uniform(50, 75)) + index * 3
        points = [
            (_curve(y) + 22, y),
            (_curve(y) - 20, y + drop * 0.45),
            (-55.0, y + drop),
            (-101.0, y + drop * 1.25),
        ]
        add_tube(plane, grid, points, [4.0, 4.0, 4.2, 4.0], compact=0.26 * bmd, spongy=0.06)
