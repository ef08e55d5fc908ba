"""What lies around the lumbar spine in an AP picture: ribs, iliac crests, sacrum and soft tissue."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.filters import smooth_noise
from osteo_pacs.phantom.grid import Grid, Plane, Point, Window
from osteo_pacs.phantom.raster import bump, ellipse_radius, inside, tube_density
from osteo_pacs.phantom.spine import NAMES, Vertebra

_RIBS = (("T10", 100.0, 0.72, 0.20), ("T11", 95.0, 0.78, 0.14), ("T12", 58.0, 0.86, 0.07))


def add_ribs(plane: Plane, grid: Grid, spine: tuple[Vertebra, ...], bmd: float, rng: np.random.Generator) -> None:
    """The 10th to 12th ribs, falling from their vertebrae into the upper corners."""
    longest = float(rng.uniform(0.6, 1.15))
    for name, length, drop, bow in _RIBS:
        for side in (-1.0, 1.0):
            reach = side * length * (longest if name == "T12" else 1.0) * float(rng.uniform(0.9, 1.05))
            course = (reach, drop * float(rng.normal(1, 0.09)), bow * float(rng.normal(1, 0.2)))
            window, shape = _rib(grid, spine[NAMES.index(name)].place(side * 0.9, -0.45), course)
            plane[window.where] += np.float32(bmd) * shape


def _rib(grid: Grid, head: Point, course: tuple[float, float, float]) -> tuple[Window, Plane]:
    """A band along y(x); ``course`` is its signed reach across, its drop for each mm of it, and its bow."""
    reach, drop, bow = abs(course[0]), course[1], course[2]
    far = head[0] + course[0] * 1.05
    window = grid.window(min(head[0], far), head[1] - 12, max(head[0], far), head[1] + reach * drop + 12)
    out = (window.x - np.float32(head[0])) * np.float32(1 / course[0])
    middle = np.float32(head[1]) + np.float32(reach) * (drop * out - np.float32(bow) * 4 * out * (1 - out))
    slope = drop - bow * 4 * (1 - 2 * out)
    blunt = np.sqrt(inside(np.float32(0.98) - out, 0.08) * inside(out + np.float32(0.05), 0.3))
    radius = np.float32(5.6) * blunt * np.sqrt(1 + np.square(slope))
    ratio = np.abs(window.y - middle) / np.maximum(radius, np.float32(0.1))
    return window, tube_density(ratio, compact=0.46, spongy=0.17)


def add_pelvis(
    plane: Plane, grid: Grid, spine: tuple[Vertebra, ...], bmd: float, rng: np.random.Generator
) -> None:
    """Iliac wings with a bright crest in the lower corners, and the sacrum between them."""
    sacrum = spine[NAMES.index("S1")]
    crest = spine[NAMES.index("L4")].place(0, float(rng.normal(1.0, 0.4)))[1]
    for side in (-1.0, 1.0):
        peak = (sacrum.x_mm + side * float(rng.normal(92, 6)), crest + float(rng.normal(0, 2.5)))
        _add_iliac_wing(plane, grid, peak, sacrum, bmd)
    _add_sacrum(plane, grid, sacrum, bmd)


def _add_iliac_wing(plane: Plane, grid: Grid, peak: Point, sacrum: Vertebra, bmd: float) -> None:
    """Rises steeply beside the sacrum, then gently to its peak; dense along the crest and near the joint."""
    side = 1.0 if peak[0] > sacrum.x_mm else -1.0
    inner = sacrum.x_mm + side * 30.0
    window = grid.window(
        min(inner, inner + side * 120), peak[1] - 8, max(inner, inner + side * 120), grid.height_mm
    )
    across = (window.x - np.float32(inner)) * np.float32(side / max(abs(peak[0] - inner), 1.0))
    fall = sacrum.y_mm - peak[1] + 16
    edge = np.float32(peak[1]) + np.float32(fall) * np.abs(1 - np.clip(across, 0, 1.6)) ** np.float32(1.7)
    below = window.y - edge
    joint = across - np.float32(0.10) - np.float32(0.004) * np.maximum(below, 0)
    wing = inside(below, 1.5) * inside(joint, 0.16)
    density = np.float32(0.30 * bmd) * (1 + np.float32(0.8) * bump(joint - np.float32(0.12), 0.16)) * wing
    density += np.float32(0.40 * bmd) * bump(below - np.float32(2.6), 2.8) * inside(joint, 0.16)
    density *= 1 + np.float32(0.25) * bump(below - np.float32(8), 9.0)
    plane[window.where] += density


def _add_sacrum(plane: Plane, grid: Grid, sacrum: Vertebra, bmd: float) -> None:
    """Wings that rise beside the body of S1, the promontory's edge, foramina and the median crest."""
    window = grid.window(sacrum.x_mm - 62, sacrum.y_mm - 20, sacrum.x_mm + 62, grid.height_mm)
    side = np.abs(window.x - np.float32(sacrum.x_mm))
    down = window.y - np.float32(sacrum.y_mm)
    top = np.float32(5) * bump(side - np.float32(26), 9.0) - np.float32(9)
    wing = inside(down - top, 2.5) * inside(np.float32(47) - side - np.float32(0.15) * down, 6.0)
    density = np.float32(0.32) + np.float32(0.34) * bump(side, 18.0) + np.float32(0.20) * bump(down - top, 1.8)
    for depth in (14.0, 38.0):
        foramen = np.hypot(side - np.float32(17), (down - np.float32(depth)) * np.float32(0.8))
        density -= np.float32(0.20) * bump(foramen, 4.0) - np.float32(0.10) * bump(foramen - np.float32(6), 2.0)
    density += np.float32(0.30) * bump(side, 2.2) * inside(down - np.float32(8), 8.0)
    plane[window.where] += np.float32(bmd) * density * wing


def soft_tissue(grid: Grid, spine: tuple[Vertebra, ...], level: float, rng: np.random.Generator) -> Plane:
    """What is left of soft tissue in a bone picture, as areal density: its level, muscle edges, fat and gas.

    The psoas muscles flank the spine, widening downwards; gas in the bowel is darker.
    """
    x, y = grid.x_mm(), grid.y_mm()
    tissue = smooth_noise(rng, (grid.rows, grid.columns), (5, 5))
    tissue *= np.float32(0.035)
    tissue += 1 - np.float32(0.10) * np.square(x * np.float32(1 / 90))
    places, middles = [v.y_mm for v in spine], [v.x_mm for v in spine]
    middle = np.interp(y[:, 0], places, middles)[:, None].astype(np.float32)
    psoas = np.float32(22) + np.float32(0.22) * np.clip(y - np.float32(spine[3].y_mm), 0, 150)
    tissue += np.float32(0.14) * inside(psoas - np.abs(x - middle), 4.0)
    for _ in range(int(rng.integers(0, 5))):
        _add_gas(tissue, grid, rng)
    tissue *= np.float32(level)
    return tissue


def _add_gas(tissue: Plane, grid: Grid, rng: np.random.Generator) -> None:
    """A loop of bowel with gas, beside the spine."""
    centre = (float(rng.uniform(30, 80) * rng.choice((-1, 1))), float(rng.uniform(20, grid.height_mm - 20)))
    semi_axes = (float(rng.uniform(6, 18)), float(rng.uniform(5, 12)))
    reach = max(semi_axes) * 1.3
    window = grid.window(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    radius = ellipse_radius(window, centre, semi_axes, float(rng.uniform(0, 180)))
    tissue[window.where] -= np.float32(rng.uniform(0.1, 0.35)) * inside(1 - radius, 0.5)
