"""What disease and implants lay over the spine without being vertebral BMD."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.chance import happens
from osteo_pacs.phantom.confounders import FAINT_SEVERITY, Confounders
from osteo_pacs.phantom.grid import Grid, Plane
from osteo_pacs.phantom.raster import add_ellipse, add_tube
from osteo_pacs.phantom.spine import FIRST_LUMBAR, Vertebra

_AORTA_MM = 9.0


def add_osteophytes(
    plane: Plane, grid: Grid, spine: tuple[Vertebra, ...], confounders: Confounders, rng: np.random.Generator
) -> None:
    """Spurs at the corners of the bodies, beaks toward the disc, and sclerotic facets."""
    severity = confounders.osteophytes
    if severity < FAINT_SEVERITY:
        return
    for vertebra in spine[FIRST_LUMBAR : FIRST_LUMBAR + 5]:
        for side in (-1.0, 1.0):
            for end in (-1.0, 1.0):
                if happens(rng, severity):
                    _add_spur(plane, grid, vertebra, (side, end), severity * float(rng.uniform(0.4, 1.2)))
        if happens(rng, severity * 0.7):
            facet = vertebra.place(float(rng.choice((-0.45, 0.45))), float(rng.uniform(0.9, 1.2)))
            add_ellipse(plane, grid, facet, (6.5, 8.0), density=0.55 * severity * float(rng.uniform(0.5, 1)))


def _add_spur(plane: Plane, grid: Grid, vertebra: Vertebra, corner: tuple[float, float], size: float) -> None:
    side, end = corner
    points = [
        vertebra.place(side * 0.86, end * 0.86),
        vertebra.place(side * (1.0 + 0.10 * size), end * 0.98),
        vertebra.place(side * (1.04 + 0.20 * size), end * (1.0 + 0.30 * size)),
    ]
    add_tube(plane, grid, points, [2.8, 2.6, 1.2], compact=0.55 * size + 0.15, spongy=0.30 * size)


def add_aortic_calcification(
    plane: Plane, grid: Grid, spine: tuple[Vertebra, ...], confounders: Confounders, rng: np.random.Generator
) -> None:
    """Plaques along the two walls of the aorta, which runs over the right of the picture and ends at L4."""
    severity = confounders.aortic_calcification
    if severity < FAINT_SEVERITY:
        return
    aside = float(rng.uniform(4, 14))
    for _ in range(int(8 + 34 * severity)):
        vertebra = spine[FIRST_LUMBAR + int(rng.integers(4))]
        x, y = vertebra.place(0, float(rng.uniform(-1.2, 1.2)))
        x += aside + float(rng.choice((-_AORTA_MM, _AORTA_MM)) + rng.normal(0, 0.8))
        end = (x + float(rng.normal(0, 0.8)), y + float(rng.uniform(1.5, 9.0)) * severity + 1)
        density = float(rng.uniform(0.12, 0.5))
        add_tube(plane, grid, [(x, y), end], [1.4, 1.0], compact=density, spongy=density)


def add_metal(plane: Plane, grid: Grid, count: int, rng: np.random.Generator) -> None:
    """Surgical clips, a button or a ring: small, far denser than bone."""
    for _ in range(count):
        x = float(rng.uniform(-70, 70))
        y = float(rng.uniform(15, grid.height_mm - 25))
        kind = int(rng.integers(3))
        if kind == 0:
            turn = float(rng.uniform(0, np.pi))
            end = (x + 7 * float(np.cos(turn)), y + 7 * float(np.sin(turn)))
            add_tube(plane, grid, [(x, y), end], [0.9, 0.9], compact=6.0, spongy=6.0)
        elif kind == 1:
            add_ellipse(plane, grid, (x, y), (6.5, 6.5), density=3.0, rim=3.0)
        else:
            add_ellipse(plane, grid, (x, y), (4.5, 5.5), density=0.0, rim=6.0)
