"""One vertebra's areal density as the AP beam sees it: body, end plates, pedicles, arch and processes.

The shapes are relative; :func:`add_vertebra` scales them so that the mean inside the body's outline is the
vertebra's BMD. What low BMD does to the picture follows pathology: spongy bone goes first, so end plates, walls
and pedicle rings stand out ("picture framing"), and the vertical trabeculae are left as fine stripes.
"""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom.raster import Grid, Plane, Window, bump, inside
from osteo_pacs.phantom.spine import Vertebra

_REACH_MM = 50.0


def local_window(vertebra: Vertebra, grid: Grid) -> Window:
    """The part of the picture that the vertebra with its processes can touch."""
    side = _REACH_MM + abs(vertebra.tilt[0]) * 15
    up = vertebra.height_mm * 0.95 + abs(vertebra.tilt[0]) * _REACH_MM
    down = vertebra.height_mm * 1.25 + abs(vertebra.tilt[0]) * _REACH_MM
    return grid.window(vertebra.x_mm - side, vertebra.y_mm - up, vertebra.x_mm + side, vertebra.y_mm + down)


def body_outline(vertebra: Vertebra, grid: Grid, window: Window | None = None) -> Plane:
    """The body's outline as coverage 0 to 1 in its window: the region that densitometry measures."""
    x, y = _local(vertebra, window or local_window(vertebra, grid))
    u, v = _body_coordinates(vertebra, x, y)
    return _coverage(vertebra, u, v)


def vertebra_density(
    vertebra: Vertebra, window: Window, texture: Plane, young_g_cm2: float
) -> tuple[Plane, Plane]:
    """Areal density in the window (g/cm2), and the body's outline there."""
    x, y = _local(vertebra, window)
    u, v = _body_coordinates(vertebra, x, y)
    outline = _coverage(vertebra, u, v)
    loss = float(np.clip(1.15 - vertebra.bmd_g_cm2 / young_g_cm2, 0.0, 0.65))
    shape = _body(vertebra, u, v, loss, texture) * outline
    shape += _arch(vertebra, x, y)
    shape += _transverse_processes(vertebra, x, y) * (1 - outline)
    scale = vertebra.bmd_g_cm2 * float(outline.sum()) / max(float((shape * outline).sum()), 1e-6)
    return shape * np.float32(scale), outline


def _local(vertebra: Vertebra, window: Window) -> tuple[Plane, Plane]:
    """Positions in mm in the vertebra's own frame: right and down from its centre."""
    sin, cos = np.float32(vertebra.tilt[0]), np.float32(vertebra.tilt[1])
    dx, dy = window.x - np.float32(vertebra.x_mm), window.y - np.float32(vertebra.y_mm)
    return dx * cos + dy * sin, dy * cos - dx * sin


def _body_coordinates(vertebra: Vertebra, x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """u runs from wall to wall, following the waist; v from end plate to end plate, following the wedge."""
    v = y * np.float32(2 / vertebra.height_mm)
    waist = 1 - np.float32(0.11) * np.maximum(1 - np.square(v), 0)
    u = x * np.float32(2 / vertebra.width_mm) / waist
    return u, v / (1 + np.float32(vertebra.wedge) * np.clip(u, -1, 1))


def _coverage(vertebra: Vertebra, u: Plane, v: Plane) -> Plane:
    fourth_u, fourth_v = np.square(np.square(u)), np.square(np.square(v))
    return inside(1 - fourth_u * np.square(u) - fourth_v * fourth_v, 12.0 / vertebra.height_mm * 2)


def _body(vertebra: Vertebra, u: Plane, v: Plane, loss: float, texture: Plane) -> Plane:
    across = np.maximum(1 - np.square(u), 0)
    stripes = 1 + np.float32(0.05 + 0.20 * loss) * texture
    body = np.float32(0.95 - 0.85 * loss) * np.sqrt(across) * stripes
    body += np.float32(0.26) * bump(np.abs(u) - np.float32(0.94), 0.075)
    depth = np.abs(v)
    plate = np.float32(1.6 / vertebra.height_mm)
    body += np.float32(0.36) * bump(depth - np.float32(0.95), plate)
    dished = np.float32(0.95) - np.float32(vertebra.biconcavity) * (0.35 + across)
    body += np.float32(0.26) * bump(depth - dished, plate) * np.sqrt(across)
    return body


def _arch(vertebra: Vertebra, x: Plane, y: Plane) -> Plane:
    """Pedicles as rings, laminae as a roof, facets at its four corners, the spinous process as a bright drop."""
    half_width, half_height = vertebra.width_mm / 2, min(vertebra.height_mm, 26.0) / 2
    twist = np.float32(vertebra.twist_mm)
    side = np.abs(x - twist * np.float32(0.4))
    arch = _ring(side - np.float32(0.60 * half_width), y + np.float32(0.22 * half_height), 4.3, 6.8)
    arch += np.float32(0.42) * _blob(
        side - np.float32(0.52 * half_width), y + np.float32(0.95 * half_height), 5.2, 7.5
    )
    arch += np.float32(0.50) * _blob(
        side - np.float32(0.37 * half_width), y - np.float32(1.12 * half_height), 4.6, 8.5
    )
    roof = y - np.float32(0.05 * half_height) - side * np.float32(0.75)
    arch += np.float32(0.24) * bump(roof, 3.6) * inside(np.float32(0.55 * half_width) - side, 5.0)
    return arch + _spinous_process(x - twist, y, half_height)


def _spinous_process(x: Plane, y: Plane, half_height: float) -> Plane:
    down = (y - np.float32(0.62 * half_height)) * np.float32(1 / (0.80 * half_height))
    widening = np.float32(2.2) + np.float32(1.2) * np.clip(down + np.float32(0.3), 0, 1.2)
    across = x / widening
    radius = np.square(across) + np.square(np.square(down))
    return np.float32(0.62) * np.sqrt(np.maximum(1 - radius, 0)) + np.float32(0.30) * bump(radius - 1, 0.30)


def _transverse_processes(vertebra: Vertebra, x: Plane, y: Plane) -> Plane:
    if vertebra.name.startswith("T"):
        return np.zeros_like(x)
    side = np.abs(x)
    start, length = vertebra.width_mm * 0.42, 20.0 if vertebra.name != "L5" else 15.0
    out = (side - np.float32(start)) * np.float32(1 / length)
    ridge = y + np.float32(0.10 * vertebra.height_mm) + np.float32(2.0) * out
    thickness = np.float32(4.6) - np.float32(1.6) * np.clip(out, 0, 1)
    blade = np.float32(0.20) * np.maximum(1 - np.square(np.square(ridge / thickness)), 0)
    return blade * inside(1 - out, 0.15) * inside(out, 0.1)


def _ring(dx: Plane, dy: Plane, semi_x: float, semi_y: float) -> Plane:
    radius = np.hypot(dx * np.float32(1 / semi_x), dy * np.float32(1 / semi_y))
    return np.float32(0.34) * bump(radius - np.float32(0.9), 0.20) + np.float32(0.10) * inside(1 - radius, 0.3)


def _blob(dx: Plane, dy: Plane, semi_x: float, semi_y: float) -> Plane:
    radius_2 = np.square(dx * np.float32(1 / semi_x)) + np.square(dy * np.float32(1 / semi_y))
    return np.square(np.maximum(1 - radius_2, 0))
