"""One vertebra's areal density as the AP beam sees it: body, end plates and walls; the arch is in ``arch``.

The shapes are relative; :func:`add_vertebra` scales them so that the mean inside the body's outline is the
vertebra's BMD. What low BMD does to the picture follows pathology: spongy bone goes first, so end plates, walls
and pedicle rings stand out ("picture framing"), and the vertical trabeculae are left as fine stripes.
"""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.arch import add_transverse_processes, arch_density, local
from osteo_pacs.phantom.grid import Grid, Plane, Window
from osteo_pacs.phantom.raster import bump, inside
from osteo_pacs.phantom.spine import Vertebra

_MARGIN_MM = 7.0
_ENOUGH_SAMPLES = 150.0
_USUAL_MEAN = 1.0

Outline = tuple[Window, Plane]
"""A window, and in it the body's outline as coverage from 0 to 1: the region that densitometry measures."""


def add_vertebra(plane: Plane, grid: Grid, vertebra: Vertebra, texture: Plane, young_g_cm2: float) -> Outline:
    """Adds areal density in g/cm2 and returns the body's outline.

    ``texture`` has about unit height on the whole plane; ``young_g_cm2`` is the BMD without loss, which sets how
    much spongy bone is left.
    """
    window = _window(vertebra, grid)
    x, y = local(vertebra, window)
    u, v = _body_coordinates(vertebra, x, y)
    outline = _coverage(vertebra, u, v)
    loss = float(np.clip(1.15 - vertebra.bmd_g_cm2 / young_g_cm2, 0.0, 0.65))
    shape = _body(vertebra, (u, v), loss, texture[window.where]) * outline
    shape += arch_density(vertebra, x, y)
    scale = vertebra.bmd_g_cm2 / _mean_inside(shape, outline)
    plane[window.where] += shape * np.float32(scale)
    add_transverse_processes(plane, grid, vertebra, scale)
    return window, outline


def _window(vertebra: Vertebra, grid: Grid) -> Window:
    """What the body and the arch can touch."""
    lean = abs(vertebra.tilt[0])
    side = vertebra.width_mm / 2 + _MARGIN_MM + lean * vertebra.height_mm
    up, down = (vertebra.height_mm * part + lean * vertebra.width_mm / 2 for part in (0.95, 1.3))
    return grid.window(vertebra.x_mm - side, vertebra.y_mm - up, vertebra.x_mm + side, vertebra.y_mm + down)


def _mean_inside(shape: Plane, outline: Plane) -> float:
    """The mean inside the outline; the usual one where the picture cuts the body off, but not its processes."""
    area = float(outline.sum())
    return float((shape * outline).sum()) / area if area > _ENOUGH_SAMPLES else _USUAL_MEAN


def _body_coordinates(vertebra: Vertebra, x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """From -1 to 1: across, from wall to wall along the waist, and down, from end plate to end plate."""
    v = y * np.float32(2 / vertebra.height_mm)
    waist = 1 - np.float32(0.13) * np.maximum(1 - np.square(v), 0)
    u = x * np.float32(2 / vertebra.width_mm) / waist
    return u, v / (1 + np.float32(vertebra.wedge) * np.clip(u, -1, 1))


def _coverage(vertebra: Vertebra, u: Plane, v: Plane) -> Plane:
    fourth_u, fourth_v = np.square(np.square(u)), np.square(np.square(v))
    return inside(1 - fourth_u * np.square(u) - fourth_v * fourth_v, 24.0 / vertebra.height_mm)


def _body(vertebra: Vertebra, place: tuple[Plane, Plane], loss: float, texture: Plane) -> Plane:
    u, v = place
    across = np.maximum(1 - np.square(u), 0)
    core = np.sqrt(across)
    body: Plane = np.float32(0.95 - 0.85 * loss) * core * (1 + np.float32(0.06 + 0.20 * loss) * texture)
    body += np.float32(0.24) * bump(np.abs(u) - np.float32(0.94), 0.075)
    depth = np.abs(v)
    plate = 1.5 / vertebra.height_mm
    body += np.float32(0.30) * bump(depth - np.float32(0.95), plate)
    dished = np.float32(0.95) - np.float32(vertebra.biconcavity) * (np.float32(0.35) + across)
    body += np.float32(0.28) * bump(depth - dished, plate) * core
    return body
