"""Drawing areal density: a plane of samples in mm, and the shapes that bones throw on it.

Densities are in g/cm2 and add up along the beam. Shapes are drawn in the window that they touch, in float32,
because a picture must take milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float32]
Point = tuple[float, float]
_GREY_DIMENSIONS = 2


@dataclass(frozen=True, slots=True)
class Grid:
    """Sample positions: ``rows`` by ``columns`` at ``row_mm`` by ``column_mm``; x = 0 is the middle, y = 0 the top."""

    rows: int
    columns: int
    row_mm: float
    column_mm: float

    @property
    def width_mm(self) -> float:
        """Extent from left to right."""
        return self.columns * self.column_mm

    @property
    def height_mm(self) -> float:
        """Extent from top to bottom."""
        return self.rows * self.row_mm

    def x_mm(self) -> Plane:
        """Positions of the columns, shape (1, columns)."""
        centre = (self.columns - 1) / 2
        return ((np.arange(self.columns, dtype=np.float32) - np.float32(centre)) * np.float32(self.column_mm))[
            None
        ]

    def y_mm(self) -> Plane:
        """Positions of the rows, shape (rows, 1)."""
        return ((np.arange(self.rows, dtype=np.float32) + np.float32(0.5)) * np.float32(self.row_mm))[:, None]

    def zeros(self) -> Plane:
        """An empty plane."""
        return np.zeros((self.rows, self.columns), np.float32)

    def window(self, left: float, top: float, right: float, bottom: float) -> Window:
        """The samples between these positions in mm, cut to the plane."""
        centre = (self.columns - 1) / 2
        first_column = _clip(left / self.column_mm + centre, self.columns)
        last_column = _clip(right / self.column_mm + centre + 1, self.columns)
        first_row = _clip(top / self.row_mm, self.rows)
        last_row = _clip(bottom / self.row_mm + 1, self.rows)
        where = (slice(first_row, max(first_row, last_row)), slice(first_column, max(first_column, last_column)))
        return Window(where, self.x_mm()[:, where[1]], self.y_mm()[where[0]])


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a plane: its slices, and the positions x (1, n) and y (m, 1) in mm."""

    where: tuple[slice, slice]
    x: Plane
    y: Plane


def _clip(position: float, size: int) -> int:
    return int(min(max(position, 0), size))


def bump(distance: Plane, width: float) -> Plane:
    """A smooth ridge of height 1: 1/2 where the distance is ``width``, about 0 from three times that on."""
    scaled = np.square(distance * np.float32(1 / width))
    return np.exp(scaled * np.float32(-0.69))


def inside(distance: Plane, softness: float) -> Plane:
    """1 where the signed distance is positive, 0 where negative, a ramp of ``softness`` between."""
    return np.clip(distance * np.float32(1 / softness) + np.float32(0.5), 0, 1)


def tube_density(distance: Plane, radius: Plane | float, *, compact: float, spongy: float) -> Plane:
    """Areal density of a hollow cylinder seen from the side: compact ``compact`` around a spongy ``spongy``.

    ``distance`` from the axis and ``radius`` are in mm. The shell is a quarter of the radius thick. ``compact`` and
    ``spongy`` are the densities in g/cm2 that each would have along a full diameter.
    """
    outer = np.sqrt(np.maximum(1 - np.square(distance / radius), 0))
    inner = np.sqrt(np.maximum(np.float32(0.5625) - np.square(distance / radius), 0))
    return np.float32(compact) * (outer - inner) + np.float32(spongy) * inner


def add_tube(
    plane: Plane, grid: Grid, points: list[Point], radii: list[float], *, compact: float, spongy: float
) -> None:
    """Adds a bone along a polyline in mm, its radius changing from point to point; joints do not add up."""
    reach = max(radii) + 1
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    window = grid.window(min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)
    bone: Plane = np.zeros_like(plane[window.where])
    for start, end, radius_0, radius_1 in zip(points, points[1:], radii, radii[1:], strict=False):
        reach = max(radius_0, radius_1) + 1
        part = grid.window(
            min(start[0], end[0]) - reach,
            min(start[1], end[1]) - reach,
            max(start[0], end[0]) + reach,
            max(start[1], end[1]) + reach,
        )
        distance, along = segment_distance(part, start, end)
        radius = np.float32(radius_0) + np.float32(radius_1 - radius_0) * along
        density = tube_density(distance, radius, compact=compact, spongy=spongy)
        view = bone[_relative(part, window)]
        np.maximum(view, density, out=view)
    plane[window.where] += bone


def _relative(part: Window, whole: Window) -> tuple[slice, slice]:
    rows, columns = part.where
    row, column = whole.where[0].start, whole.where[1].start
    return slice(rows.start - row, rows.stop - row), slice(columns.start - column, columns.stop - column)


def segment_distance(window: Window, start: Point, end: Point) -> tuple[Plane, Plane]:
    """Distance in mm from a line between two points, and the nearest place along it (0 at start, 1 at end)."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length_2 = max(along_x**2 + along_y**2, 1e-6)
    dx, dy = window.x - np.float32(start[0]), window.y - np.float32(start[1])
    along = np.clip((dx * np.float32(along_x) + dy * np.float32(along_y)) * np.float32(1 / length_2), 0, 1)
    distance = np.hypot(dx - along * np.float32(along_x), dy - along * np.float32(along_y))
    return distance, along


def add_ellipse(
    plane: Plane,
    grid: Grid,
    centre: Point,
    semi_axes: Point,
    density: float,
    *,
    angle_deg: float = 0.0,
    rim: float = 0.0,
) -> None:
    """Adds an ellipsoid's areal density, ``density`` in its middle; ``rim`` adds a bright outline."""
    reach = max(semi_axes) * 1.3 + 1
    window = grid.window(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    turn = np.deg2rad(angle_deg)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    dx, dy = window.x - np.float32(centre[0]), window.y - np.float32(centre[1])
    u = (dx * cos + dy * sin) * np.float32(1 / semi_axes[0])
    v = (dy * cos - dx * sin) * np.float32(1 / semi_axes[1])
    radius = np.hypot(u, v)
    plane[window.where] += np.float32(density) * np.sqrt(np.maximum(1 - np.square(radius), 0))
    if rim:
        plane[window.where] += np.float32(rim) * bump(radius - np.float32(0.94), 0.06)


def smooth_noise(rng: np.random.Generator, rows: int, columns: int, cells: tuple[int, int]) -> Plane:
    """Random hills of about unit height, shape (rows, columns), ``cells`` of them down and across."""
    coarse = rng.standard_normal((max(cells[0], 2), max(cells[1], 2)), dtype=np.float32)
    return resize(coarse, rows, columns)


def resize(plane: Plane, rows: int, columns: int) -> Plane:
    """The plane on another number of samples, by cubic interpolation."""
    picture = Image.fromarray(plane).resize((columns, rows), Image.Resampling.BICUBIC)
    return np.asarray(picture, np.float32)


def blur(plane: Plane, row_sigma: float, column_sigma: float) -> Plane:
    """The plane after a point spread given in samples."""
    return _blur_rows(_blur_rows(plane, row_sigma).T, column_sigma).T


def _blur_rows(plane: Plane, sigma: float) -> Plane:
    """Convolves down the rows with five taps, enough for a sigma up to 1.5 samples."""
    taps = np.exp(-0.5 * np.square(np.arange(-2, 3) / max(sigma, 1e-3)))
    near, far = (taps[3:] / taps.sum()).astype(np.float32)
    centre = np.float32(taps[2] / taps.sum())
    padded = np.pad(plane, ((2, 2), (0, 0)), mode="edge")
    result: Plane = padded[2:-2] * centre
    result += (padded[1:-3] + padded[3:-1]) * near
    result += (padded[:-4] + padded[4:]) * far
    return result


def to_grey(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A colour picture's luminance; a grey one as it is."""
    return picture if picture.ndim == _GREY_DIMENSIONS else np.asarray(Image.fromarray(picture).convert("L"))
