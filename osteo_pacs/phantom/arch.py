"""The vertebral arch in an AP picture: pedicles, laminae, articular, spinous and transverse processes.

Densities are relative to the body's, positions are in mm in the vertebra's own frame (:func:`local`). The
distance of the lower articular processes makes the levels look different: close together down to L3, about as
wide as high at L4, wide apart at L5.
"""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.grid import Grid, Plane, Window
from osteo_pacs.phantom.raster import bump, inside
from osteo_pacs.phantom.spine import Vertebra

_LOWER_FACET = {"L3": 0.38, "L4": 0.47, "L5": 0.60}
_PEDICLE = {"T10": 0.50, "T11": 0.52, "T12": 0.56, "L4": 0.62, "L5": 0.68}
_PROCESS_MM = {"L1": 15.0, "L2": 19.0, "L3": 24.0, "L4": 18.0, "L5": 15.0}
_USUAL_HEIGHT_MM = 26.0


def arch_density(vertebra: Vertebra, x: Plane, y: Plane) -> Plane:
    """Pedicles as rings, laminae as a roof, facets at its four corners, the spinous process as a bright drop."""
    half_width = vertebra.width_mm / 2
    half_height = min(vertebra.height_mm, _USUAL_HEIGHT_MM) / 2
    side = np.abs(x - np.float32(vertebra.twist_mm * 0.4))
    size = vertebra.stoutness
    pedicle = side - np.float32(_PEDICLE.get(vertebra.name, 0.59) * half_width)
    arch = _ring(pedicle, y + np.float32(0.24 * half_height), 4.1 * size, 6.6 * size)
    upper = side - np.float32(0.58 * half_width)
    arch += np.float32(0.46) * _blob(upper, y + np.float32(1.0 * half_height), 5.5 * size, 8.5 * size)
    lower = side - np.float32(_LOWER_FACET.get(vertebra.name, 0.36) * half_width)
    arch += np.float32(0.62) * _blob(lower, y - np.float32(1.10 * half_height), 5.2 * size, 10.0 * size)
    arch += _laminae(side, y, half_width, half_height)
    return arch + _spinous_process(x - np.float32(vertebra.twist_mm), y, half_height, size)


def _laminae(side: Plane, y: Plane, half_width: float, half_height: float) -> Plane:
    roof = y - np.float32(0.10 * half_height) - side * np.float32(0.8)
    return np.float32(0.26) * bump(roof, 4.2) * inside(np.float32(0.55 * half_width) - side, 5.0)


def _spinous_process(x: Plane, y: Plane, half_height: float, size: float) -> Plane:
    """A drop that reaches down over the disc, with a bright outline."""
    down = (y - np.float32(0.72 * half_height)) * np.float32(1 / (0.95 * half_height))
    widening = np.float32(2.3 * size) + np.float32(1.4 * size) * np.clip(down + np.float32(0.2), 0, 1.2)
    radius = np.square(x / widening) + np.square(np.square(down))
    drop: Plane = np.float32(0.70) * np.sqrt(np.maximum(1 - radius, 0)) + np.float32(0.34) * bump(radius - 1, 0.30)
    return drop


def add_transverse_processes(plane: Plane, grid: Grid, vertebra: Vertebra, scale: float) -> None:
    """Thin blades to both sides, longest at L3; thoracic ones hide behind the ribs."""
    length = _PROCESS_MM.get(vertebra.name)
    if length is None:
        return
    reach = vertebra.width_mm / 2 + length
    lean = 12 + abs(vertebra.tilt[0]) * reach
    x_0, y_0 = vertebra.place(0, -0.2)
    window = grid.window(x_0 - reach, y_0 - lean, x_0 + reach, y_0 + lean)
    x, y = local(vertebra, window)
    out = (np.abs(x) - np.float32(vertebra.width_mm * 0.45)) * np.float32(1 / length)
    ridge = y + np.float32(0.12 * vertebra.height_mm) + np.float32(1.5 + 2.0 * (vertebra.name == "L4")) * out
    thickness = np.float32(4.8) - np.float32(1.8) * np.clip(out, 0, 1)
    blade = np.maximum(1 - np.square(np.square(ridge / thickness)), 0) * inside(1 - out, 0.15) * inside(out, 0.1)
    plane[window.where] += np.float32(0.21 * scale) * blade


def local(vertebra: Vertebra, window: Window) -> tuple[Plane, Plane]:
    """Positions in mm in the vertebra's own frame: right and down from its centre."""
    sin, cos = np.float32(vertebra.tilt[0]), np.float32(vertebra.tilt[1])
    dx, dy = window.x - np.float32(vertebra.x_mm), window.y - np.float32(vertebra.y_mm)
    return dx * cos + dy * sin, dy * cos - dx * sin


def _ring(dx: Plane, dy: Plane, semi_x: float, semi_y: float) -> Plane:
    radius = np.hypot(dx * np.float32(1 / semi_x), dy * np.float32(1 / semi_y))
    return np.float32(0.26) * bump(radius - np.float32(0.9), 0.22) + np.float32(0.10) * inside(1 - radius, 0.3)


def _blob(dx: Plane, dy: Plane, semi_x: float, semi_y: float) -> Plane:
    radius_2 = np.square(dx * np.float32(1 / semi_x)) + np.square(dy * np.float32(1 / semi_y))
    hill: Plane = np.square(np.maximum(1 - radius_2, 0))
    return hill
