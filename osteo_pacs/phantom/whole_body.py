"""A total body picture: the whole skeleton at 2.4 mm a pixel, with the body's outline."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import Grid, Plane, add_ellipse, add_tube

Bone = tuple[list[tuple[float, float]], list[float], float]


def whole_body_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """Areal density from head to toes; soft tissue counts a little, so that the outline shows."""
    plane = grid.zeros()
    scale = patient.height_cm / 170
    top = (grid.height_mm - 1700 * scale) / 2
    bmd = patient.l1_l4_bmd_g_cm2
    girth = (patient.weight_kg / 68) ** 0.5
    for points, radii, density in _flesh(girth):
        add_tube(
            plane, grid, _placed(points, scale, top), [r * scale for r in radii], compact=density, spongy=density
        )
    for points, radii, density in _skeleton(rng):
        add_tube(
            plane,
            grid,
            _placed(points, scale, top),
            [r * scale for r in radii],
            compact=density * bmd,
            spongy=0.4 * bmd,
        )
    _add_skull(plane, grid, scale, top, bmd)
    return plane


def _placed(points: list[tuple[float, float]], scale: float, top: float) -> list[tuple[float, float]]:
    return [(x * scale, y * scale + top) for x, y in points]


def _flesh(girth: float) -> list[Bone]:
    soft = 0.16
    parts: list[Bone] = [([(0, 330), (0, 560), (0, 850)], [150 * girth, 140 * girth, 165 * girth], soft)]
    for side in (-1.0, 1.0):
        parts.append(
            ([(side * 90, 860), (side * 85, 1250), (side * 75, 1640)], [85 * girth, 58 * girth, 42], soft)
        )
        parts.append(
            ([(side * 180, 330), (side * 225, 640), (side * 245, 880)], [50 * girth, 40 * girth, 30], soft)
        )
    return parts


def _skeleton(rng: np.random.Generator) -> list[Bone]:
    bones: list[Bone] = [([(0, 220), (4, 420), (-2, 620), (0, 800)], [9, 13, 18, 22], 0.75)]
    for side in (-1.0, 1.0):
        bones += _arm(side, float(rng.normal(0, 8)))
        bones += _leg(side, float(rng.normal(0, 5)))
        bones += _trunk(side)
    return bones


def _arm(side: float, away: float) -> list[Bone]:
    elbow, wrist = (side * (225 + away), 620.0), (side * (248 + away), 850.0)
    hand = (side * (250 + away), 960.0)
    return [
        ([(side * 175, 315), elbow], [15, 12], 0.8),
        ([elbow, wrist], [10, 9], 0.7),
        ([(elbow[0] + side * 14, elbow[1]), (wrist[0] + side * 16, wrist[1])], [8, 8], 0.7),
        ([wrist, hand], [16, 18], 0.45),
        ([(side * 30, 285), (side * 170, 290)], [7, 8], 0.6),
    ]


def _leg(side: float, away: float) -> list[Bone]:
    hip, knee, ankle = (side * 95.0, 870.0), (side * (88 + away), 1250.0), (side * (80 + away), 1620.0)
    return [
        ([hip, (side * 125, 890), (side * 118, 980), knee], [24, 20, 16, 24], 1.0),
        ([knee, (knee[0], 1300), ankle], [26, 17, 14], 0.95),
        ([(knee[0] + side * 28, 1285), (ankle[0] + side * 22, 1625)], [7, 8], 0.6),
        ([ankle, (ankle[0] + side * 40, 1690)], [22, 18], 0.7),
    ]


def _trunk(side: float) -> list[Bone]:
    ribs: list[Bone] = [
        ([(side * 10, y), (side * 90, y + 5), (side * 128, y + 45), (side * 115, y + 95)], [6, 6, 6, 5], 0.32)
        for y in np.linspace(275, 560, 10).tolist()
    ]
    pelvis: list[Bone] = [
        ([(side * 40, 770), (side * 110, 730), (side * 130, 790), (side * 85, 850)], [16, 18, 16, 22], 0.55),
        ([(side * 80, 870), (side * 50, 930), (side * 15, 890)], [16, 14, 12], 0.5),
    ]
    return ribs + pelvis


def _add_skull(plane: Plane, grid: Grid, scale: float, top: float, bmd: float) -> None:
    centre = (0.0, 95 * scale + top)
    add_ellipse(plane, grid, centre, (72 * scale, 92 * scale), 1.3 * bmd, rim=0.6 * bmd)
    add_ellipse(plane, grid, (0.0, 185 * scale + top), (45 * scale, 38 * scale), 0.7 * bmd, rim=0.3 * bmd)
