"""The shapes that bones throw on a plane of areal density.

Densities are in g/cm2 and add up along the beam. Shapes are drawn in the window that they touch, in float32,
because a picture must take milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from osteo_pacs.phantom.grid import Grid, Plane, Point, Window

_MARROW_RADIUS = 0.78


def bump(distance: Plane, width: float) -> Plane:
    """A smooth ridge of height 1: one half where the distance is ``width``, about 0 from three times that on."""
    scaled = np.square(distance * np.float32(1 / width))
    ridge: Plane = np.exp(scaled * np.float32(-0.69))
    return ridge


def inside(distance: Plane, softness: float) -> Plane:
    """1 where the signed distance is positive, 0 where negative, a ramp of ``softness`` between."""
    ramp: Plane = np.clip(distance * np.float32(1 / softness) + np.float32(0.5), 0, 1)
    return ramp


def tube_density(ratio: Plane, *, compact: float, spongy: float) -> Plane:
    """Areal density of a hollow cylinder from the side, at ``ratio`` of its radius from the axis.

    ``compact`` and ``spongy`` are the densities in g/cm2 that wall and core would each have along a full diameter.
    """
    squared = np.square(ratio)
    outer = np.sqrt(np.maximum(1 - squared, 0))
    inner = np.sqrt(np.maximum(np.float32(_MARROW_RADIUS**2) - squared, 0))
    density: Plane = (outer - inner) * np.float32(compact) + inner * np.float32(spongy)
    return density


def rounded(points: Sequence[Point], steps: int = 4) -> list[Point]:
    """The points with ``steps`` - 1 more between each two, on a smooth curve through all (Catmull-Rom)."""
    knots = np.array([points[0], *points, points[-1]], dtype=np.float64)
    t = (np.arange(steps) / steps)[:, None]
    before, start, end, after = (knots[i : len(points) - 1 + i, None] for i in range(4))
    curve = start + 0.5 * t * (
        end - before + t * (2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before))
    )
    path: list[Point] = [(float(x), float(y)) for x, y in curve.reshape(-1, 2)]
    return [*path, points[-1]]


def add_tube(
    plane: Plane, grid: Grid, points: Sequence[Point], radii: Sequence[float], *, compact: float, spongy: float
) -> None:
    """Adds a bone along a polyline in mm. ``radii`` are spread evenly over it; joints do not add up."""
    widths = np.interp(np.linspace(0, 1, len(points)), np.linspace(0, 1, len(radii)), radii).tolist()
    whole = _around(grid, points, max(radii))
    ratio: Plane = np.full((len(whole.y), whole.x.shape[1]), 2, np.float32)
    for ends, (radius_0, radius_1) in zip(pairwise(points), pairwise(widths), strict=True):
        part = _around(grid, ends, max(radius_0, radius_1))
        distance, along = segment_distance(part, *ends)
        view = ratio[part.within(whole)]
        np.minimum(view, distance / (np.float32(radius_0) + np.float32(radius_1 - radius_0) * along), out=view)
    plane[whole.where] += tube_density(ratio, compact=compact, spongy=spongy)


def _around(grid: Grid, points: Sequence[Point], radius: float) -> Window:
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return grid.window(min(xs) - radius, min(ys) - radius, max(xs) + radius, max(ys) + radius)


def segment_distance(window: Window, start: Point, end: Point) -> tuple[Plane, Plane]:
    """Distance in mm from a line between two points, and the nearest place along it (0 at start, 1 at end)."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length_2 = max(along_x**2 + along_y**2, 1e-6)
    dx, dy = window.x - np.float32(start[0]), window.y - np.float32(start[1])
    along = np.clip(dx * np.float32(along_x / length_2) + dy * np.float32(along_y / length_2), 0, 1)
    return np.hypot(dx - along * np.float32(along_x), dy - along * np.float32(along_y)), along


def add_ellipse(
    plane: Plane,
    grid: Grid,
    centre: Point,
    semi_axes: Point,
    *,
    density: float,
    angle_deg: float = 0.0,
    rim: float = 0.0,
) -> None:
    """Adds an ellipsoid's areal density, ``density`` in its middle; ``rim`` adds a bright outline."""
    window = _around(grid, (centre,), max(semi_axes) * 1.3 + 1)
    radius = ellipse_radius(window, centre, semi_axes, angle_deg)
    plane[window.where] += np.float32(density) * np.sqrt(np.maximum(1 - np.square(radius), 0))
    if rim:
        plane[window.where] += np.float32(rim) * bump(radius - np.float32(0.93), 0.06)


def ellipse_radius(window: Window, centre: Point, semi_axes: Point, angle_deg: float = 0.0) -> Plane:
    """Distance from the centre as a share of the ellipse's own radius in that direction."""
    turn = np.deg2rad(angle_deg)
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    dx, dy = window.x - np.float32(centre[0]), window.y - np.float32(centre[1])
    u = dx * np.float32(cos / semi_axes[0]) + dy * np.float32(sin / semi_axes[0])
    v = dy * np.float32(cos / semi_axes[1]) - dx * np.float32(sin / semi_axes[1])
    return np.hypot(u, v)
