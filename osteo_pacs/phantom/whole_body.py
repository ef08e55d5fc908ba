"""A total body picture: the whole skeleton at 2.4 mm a pixel, with the body's outline in air."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from osteo_pacs.phantom.grid import Grid, Plane, Point
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.raster import add_ellipse, add_tube, rounded

FIELD_MM = (1900.0, 650.0)
_USUAL_HEIGHT_CM = 170.0
_FLESH = 0.20


@dataclass(frozen=True, slots=True)
class _Part:
    """A tube of someone 170 cm tall, in mm from the crown; densities relative to the spine's BMD."""

    points: list[Point]
    radii: list[float]
    compact: float
    spongy: float = 0.3


def whole_body_density(grid: Grid, patient: Patient, rng: np.random.Generator) -> Plane:
    """Areal density from head to toes; soft tissue counts a little, so that the outline shows."""
    scale = patient.height_cm / _USUAL_HEIGHT_CM
    top = (grid.height_mm - 1740 * scale) / 2
    bmd = patient.l1_l4_bmd_g_cm2
    flesh = grid.zeros()
    for part in _flesh((patient.weight_kg / 68) ** 0.5):
        layer = grid.zeros()
        _add(layer, grid, part, (scale, top, 1.0))
        np.maximum(flesh, layer, out=flesh)
    plane = np.minimum(flesh, np.float32(_FLESH * 0.8))
    for part in _skeleton(rng):
        _add(plane, grid, part, (scale, top, bmd))
    skull, jaw = (0.0, 95 * scale + top), (0.0, 178 * scale + top)
    add_ellipse(plane, grid, skull, (74 * scale, 94 * scale), density=1.0 * bmd, rim=0.9 * bmd)
    add_ellipse(plane, grid, jaw, (48 * scale, 40 * scale), density=0.6 * bmd, rim=0.35 * bmd)
    return plane


def _add(plane: Plane, grid: Grid, part: _Part, stature: tuple[float, float, float]) -> None:
    scale, top, bmd = stature
    points = [(x * scale, y * scale + top) for x, y in rounded(part.points, 3)]
    radii = [radius * scale for radius in part.radii]
    add_tube(plane, grid, points, radii, compact=part.compact * bmd, spongy=part.spongy * bmd)


def _flesh(girth: float) -> Iterator[_Part]:
    trunk = [120.0, 165 * girth, 140 * girth, 172 * girth, 90.0]
    yield _Part([(0, 300), (0, 420), (0, 640), (0, 820), (0, 930)], trunk, _FLESH, _FLESH)
    yield _Part([(0, 60), (0, 130), (0, 240), (0, 300)], [70.0, 82.0, 55.0, 90.0], _FLESH, _FLESH)
    for side in (-1.0, 1.0):
        leg: list[Point] = [(side * 88, 880), (side * 85, 1250), (side * 78, 1420), (side * 75, 1660)]
        yield _Part(leg, [92 * girth, 58 * girth, 56 * girth, 38.0], _FLESH, _FLESH)
        arm: list[Point] = [(side * 170, 320), (side * 222, 620), (side * 245, 860), (side * 252, 1000)]
        yield _Part(arm, [56 * girth, 42 * girth, 32.0, 30.0], _FLESH, _FLESH)


def _skeleton(rng: np.random.Generator) -> Iterator[_Part]:
    yield _Part([(0, 215), (3, 420), (-2, 620), (0, 790)], [11.0, 14.0, 19.0, 23.0], 0.85, 0.6)
    yield _Part([(0, 770), (0, 830)], [40.0, 20.0], 0.35, 0.45)
    for side in (-1.0, 1.0):
        yield from _arm(side, float(rng.normal(0, 8)))
        yield from _leg(side, float(rng.normal(0, 5)))
        yield from _trunk(side)


def _arm(side: float, away: float) -> Iterator[_Part]:
    elbow, wrist = (side * (222 + away), 620.0), (side * (246 + away), 855.0)
    yield _Part([(side * 172, 312), elbow], [20.0, 12.0, 12.0, 15.0], 1.0)
    yield _Part([elbow, wrist], [9.0, 8.0, 9.0], 0.9)
    yield _Part([(elbow[0] + side * 15, elbow[1]), (wrist[0] + side * 16, wrist[1])], [8.0, 7.0, 10.0], 0.9)
    for finger in range(4):
        tip = (wrist[0] + side * (-6 + 11 * finger), 990.0 + 12 * (finger in {1, 2}))
        yield _Part([(wrist[0] + side * (2 + 5 * finger), 875.0), tip], [6.0, 4.0], 0.6)
    yield _Part([(side * 18, 282), (side * 95, 268), (side * 165, 292)], [7.0, 6.0, 8.0], 0.7)
    yield _Part([(side * 120, 320), (side * 110, 440)], [34.0, 8.0], 0.10, 0.14)


def _leg(side: float, away: float) -> Iterator[_Part]:
    knee, ankle = (side * (86 + away), 1250.0), (side * (78 + away), 1640.0)
    yield _Part([(side * 88, 868), (side * 122, 895)], [24.0, 17.0], 0.8, 0.8)
    yield _Part([(side * 126, 885), (side * 118, 1000), knee], [24.0, 16.0, 16.0, 18.0, 32.0], 1.2, 0.5)
    yield _Part([(knee[0], 1275), (knee[0], 1320), ankle], [34.0, 19.0, 15.0, 14.0, 19.0], 1.2, 0.5)
    yield _Part([(knee[0] + side * 30, 1290), (ankle[0] + side * 24, 1650)], [8.0, 6.0, 9.0], 0.8)
    yield _Part([(ankle[0], 1660), (ankle[0] + side * 38, 1735)], [26.0, 16.0], 0.55, 0.5)


def _trunk(side: float) -> Iterator[_Part]:
    for index in range(10):
        y, width = 268.0 + 30 * index, 72.0 + 58 * float(np.sin(np.pi * min(index + 1, 9) / 14))
        rib: list[Point] = [
            (side * 10, y),
            (side * width * 0.7, y),
            (side * width, y + 45),
            (side * width * 0.8, y + 95),
        ]
        yield _Part(rib, [5.5, 6.0, 6.0, 4.5], 0.38, 0.12)
    yield _Part(
        [(side * 42, 775), (side * 96, 735), (side * 138, 760), (side * 112, 840)],
        [20.0, 24.0, 10.0, 24.0],
        0.5,
        0.36,
    )
    yield _Part([(side * 84, 860), (side * 50, 868), (side * 14, 890)], [16.0, 11.0, 12.0], 0.55)
    yield _Part([(side * 80, 880), (side * 62, 940), (side * 20, 905)], [14.0, 14.0, 9.0], 0.6)
