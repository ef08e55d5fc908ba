"""A lateral spine as vertebral fracture assessment shows it: T4 to L5 from the side."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.grid import Grid, Plane, Point
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import add_ellipse, add_tube, bump, inside, rounded

FIELD_MM = (442.0, 202.0)
_COUNT = 14


def lateral_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """Areal density from the side: bodies on a curve, arches behind, ribs, pelvis, the dome of the diaphragm."""
    plane = grid.zeros()
    bmd = patient.l1_l4_bmd_g_cm2
    scale = (patient.height_cm / 165) * float(rng.normal(1, 0.02))
    y = 14.0 + float(rng.normal(0, 6))
    for index in range(_COUNT):
        share = index / (_COUNT - 1)
        size = ((23.0 + 12.0 * share) * scale, (17.5 + 11.0 * share) * scale)
        y += size[1] / 2
        _add_body(plane, grid, (_curve(y), y), size, bmd * (0.75 + 0.35 * share))
        _add_arch(plane, grid, (_curve(y) + size[0] / 2, y), bmd)
        y += size[1] / 2 + (2.5 + 6.0 * share) * scale
    _add_ribs(plane, grid, bmd, rng)
    _add_pelvis(plane, grid, y, bmd)
    dome = grid.y_mm() - np.float32(185) - np.float32(0.0022) * np.square(grid.x_mm() + np.float32(35))
    plane += np.float32(0.22) * inside(dome, 6.0)
    return plane


def _curve(y: float) -> float:
    """The spine's line: convex backwards (right) in the chest, forwards in the loin."""
    return 14.0 + 21.0 * float(np.cos((y - 120.0) / 82.0)) + 16.0 * max(y - 340.0, 0.0) / 100.0


def _add_body(plane: Plane, grid: Grid, centre: Point, size: Point, bmd: float) -> None:
    turn = float(np.arctan2(_curve(centre[1] + 5) - _curve(centre[1] - 5), 10.0))
    reach = max(size)
    window = grid.window(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    dx, dy = window.x - np.float32(centre[0]), window.y - np.float32(centre[1])
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    v = (dy * cos + dx * sin) * np.float32(2 / size[1])
    u = (dx * cos - dy * sin) * np.float32(2 / size[0]) / (1 - np.float32(0.10) * np.maximum(1 - np.square(v), 0))
    body = inside(1 - np.square(np.square(u)) ** 2 - np.square(np.square(v)) ** 2, 0.8)
    rim = bump(np.abs(v) - np.float32(0.92), 0.09) + np.float32(0.6) * bump(np.abs(u) - np.float32(0.94), 0.07)
    plane[window.where] += np.float32(0.45 * bmd) * body * (1 + np.float32(0.9) * rim)


def _add_arch(plane: Plane, grid: Grid, back: Point, bmd: float) -> None:
    """Pedicle, joint column and spinous process behind the body's rear wall."""
    x, y = back
    add_tube(plane, grid, [(x - 3, y - 5), (x + 12, y - 3)], [4.0, 5.0], compact=0.4 * bmd, spongy=0.2 * bmd)
    joints = rounded([(x + 12, y - 12), (x + 11, y), (x + 15, y + 14)])
    add_tube(plane, grid, joints, [4.0, 5.0, 4.0], compact=0.35 * bmd, spongy=0.25 * bmd)
    process = rounded([(x + 14, y + 3), (x + 27, y + 7), (x + 40, y + 16)])
    add_tube(plane, grid, process, [5.0, 6.0, 7.0], compact=0.20 * bmd, spongy=0.10 * bmd)


def _add_ribs(plane: Plane, grid: Grid, bmd: float, rng: np.random.Generator) -> None:
    for index in range(11):
        y = 12.0 + index * 23.0
        for offset in (0.0, float(rng.uniform(4, 9))):
            drop = 48.0 + 4.0 * index + offset
            points = [
                (_curve(y) + 24, y + 2),
                (_curve(y) + 8, y + drop * 0.5),
                (-35.0, y + drop),
                (-104.0, y + drop),
            ]
            add_tube(plane, grid, rounded(points, 3), [3.6, 4.2, 4.2], compact=0.24 * bmd, spongy=0.05)


def _add_pelvis(plane: Plane, grid: Grid, bottom: float, bmd: float) -> None:
    x = _curve(bottom)
    sacrum = rounded([(x + 2, bottom + 8), (x + 22, bottom + 38), (x + 48, bottom + 60)])
    add_tube(plane, grid, sacrum, [20.0, 17.0, 10.0], compact=0.45 * bmd, spongy=0.35 * bmd)
    add_ellipse(
        plane, grid, (x - 28, bottom + 34), (62.0, 52.0), density=0.24 * bmd, angle_deg=-15, rim=0.22 * bmd
    )
