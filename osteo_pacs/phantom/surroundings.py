"""What lies around the lumbar spine in an AP picture: ribs, iliac crests, sacrum and soft tissue."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.raster import Grid, Plane, add_tube, bump, inside, smooth_noise
from osteo_pacs.phantom.spine import NAMES, Vertebra


def add_ribs(plane: Plane, grid: Grid, spine: tuple[Vertebra, ...], bmd: float, rng: np.random.Generator) -> None:
    """The 10th to 12th ribs, falling from their vertebrae into the upper corners."""
    for name, length, drop in (("T10", 100.0, 0.62), ("T11", 92.0, 0.66), ("T12", 62.0, 0.72)):
        vertebra = spine[NAMES.index(name)]
        reach = length * float(rng.uniform(0.75, 1.1))
        for side in (-1.0, 1.0):
            slope = drop * float(rng.normal(1, 0.10))
            add_tube(
                plane,
                grid,
                _rib(vertebra, side, reach, slope),
                [3.2, 4.6, 5.0, 5.2, 5.0, 3.6],
                compact=0.42 * bmd,
                spongy=0.16 * bmd,
            )


def _rib(vertebra: Vertebra, side: float, reach: float, slope: float) -> list[tuple[float, float]]:
    x_0, y_0 = vertebra.place(side * 0.95, -0.5)
    steps = (0.0, 0.18, 0.4, 0.62, 0.83, 1.0)
    return [(x_0 + side * reach * s, y_0 + reach * slope * (s - 0.12 * np.sin(np.pi * s))) for s in steps]


def add_pelvis(
    plane: Plane, grid: Grid, spine: tuple[Vertebra, ...], bmd: float, rng: np.random.Generator
) -> None:
    """Iliac wings with a bright crest in the lower corners, and the sacrum's wings between."""
    sacrum = spine[NAMES.index("S1")]
    crest = spine[NAMES.index("L4")].place(0, float(rng.normal(1.1, 0.35)))[1]
    for side in (-1.0, 1.0):
        peak = (sacrum.x_mm + side * float(rng.normal(78, 5)), crest + float(rng.normal(0, 2.5)))
        _add_iliac_wing(plane, grid, side, peak, sacrum, bmd)
    _add_sacrum(plane, grid, sacrum, bmd)


def _add_iliac_wing(
    plane: Plane, grid: Grid, side: float, peak: tuple[float, float], sacrum: Vertebra, bmd: float
) -> None:
    inner = sacrum.x_mm + side * 34.0
    window = grid.window(
        min(inner, inner + side * 100), peak[1] - 8, max(inner, inner + side * 100), grid.height_mm
    )
    across = (window.x - np.float32(inner)) * np.float32(side / max(abs(peak[0] - inner), 1.0))
    depth = sacrum.y_mm - peak[1] + 12
    edge = np.float32(peak[1]) + np.float32(depth) * np.square(1 - np.clip(across, 0, 2))
    below = window.y - edge
    wing = inside(below, 1.5) * inside(across, 0.06)
    density = np.float32(0.40 * bmd) * (1 + np.float32(0.25) * bump(across, 0.25)) * wing
    density += np.float32(0.42 * bmd) * bump(below - np.float32(2.2), 2.4) * inside(across, 0.06)
    plane[window.where] += density


def _add_sacrum(plane: Plane, grid: Grid, sacrum: Vertebra, bmd: float) -> None:
    window = grid.window(sacrum.x_mm - 62, sacrum.y_mm - 12, sacrum.x_mm + 62, grid.height_mm)
    side = np.abs(window.x - np.float32(sacrum.x_mm))
    top = np.float32(sacrum.y_mm - 6) + np.float32(0.004) * np.square(side)
    wing = inside(window.y - top, 2.0) * inside(np.float32(54) - side, 3.0)
    plane[window.where] += (
        np.float32(0.34 * bmd) * wing + np.float32(0.18 * bmd) * bump(window.y - top, 1.6) * wing
    )


def soft_tissue(grid: Grid, spine: tuple[Vertebra, ...], level: float, rng: np.random.Generator) -> Plane:
    """What is left of soft tissue in a bone picture, as areal density: its level, muscle edges, fat and gas.

    The psoas muscles flank the spine, widening downwards; gas in the bowel is darker.
    """
    x, y = grid.x_mm(), grid.y_mm()
    hills = smooth_noise(rng, grid.rows, grid.columns, (5, 5))
    tissue = np.float32(level) * (1 + np.float32(0.07) * hills)
    tissue *= 1 - np.float32(0.10) * np.square(x * np.float32(1 / 90))
    middle = np.interp(y[:, 0], [v.y_mm for v in spine], [v.x_mm for v in spine])[:, None].astype(np.float32)
    psoas = np.float32(24) + np.float32(0.20) * np.clip(y - np.float32(spine[3].y_mm), 0, 140)
    tissue += np.float32(0.12 * level) * inside(psoas - np.abs(x - middle), 3.0)
    for _ in range(int(rng.integers(0, 5))):
        _add_gas(tissue, grid, level, rng)
    return tissue


def _add_gas(tissue: Plane, grid: Grid, level: float, rng: np.random.Generator) -> None:
    x = float(rng.uniform(25, 80) * rng.choice((-1, 1)))
    y = float(rng.uniform(20, grid.height_mm - 20))
    size = float(rng.uniform(7, 18))
    window = grid.window(x - size, y - size, x + size, y + size)
    radius = np.hypot(window.x - np.float32(x), (window.y - np.float32(y)) * np.float32(rng.uniform(1, 1.6)))
    tissue[window.where] -= np.float32(level * rng.uniform(0.1, 0.35)) * inside(1 - radius / np.float32(size), 0.4)
