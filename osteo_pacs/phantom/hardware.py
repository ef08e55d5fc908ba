"""Spinal implants: a picture with them must not be read."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.chance import happens
from osteo_pacs.phantom.grid import Grid, Plane
from osteo_pacs.phantom.raster import add_ellipse, add_tube
from osteo_pacs.phantom.spine import FIRST_LUMBAR, Vertebra

_METAL = 7.0


def add_hardware(plane: Plane, grid: Grid, spine: tuple[Vertebra, ...], rng: np.random.Generator) -> None:
    """Pedicle screws with rods over two to four lumbar vertebrae; in some, a cage or cement as well."""
    first = FIRST_LUMBAR + int(rng.integers(0, 2))
    fused = spine[first : first + int(rng.integers(2, 5))]
    for side in (-1.0, 1.0):
        heads = [vertebra.place(side * 0.62, -0.25) for vertebra in fused]
        add_tube(plane, grid, heads, [2.8] * len(heads), compact=_METAL, spongy=_METAL)
        for vertebra, head in zip(fused, heads, strict=True):
            tip = vertebra.place(side * float(rng.uniform(0.10, 0.35)), float(rng.uniform(-0.2, 0.2)))
            add_tube(plane, grid, [head, tip], [3.2, 2.2], compact=_METAL, spongy=_METAL)
            add_ellipse(plane, grid, head, (5.5, 5.5), density=_METAL)
    if happens(rng, 0.4):
        vertebra = fused[0]
        cement = (vertebra.width_mm * 0.3, vertebra.height_mm * 0.3)
        add_ellipse(plane, grid, vertebra.place(0, 0), cement, density=3.5)
