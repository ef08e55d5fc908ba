"""A plane of samples with positions in mm: x is 0 in the middle and grows to the right, y is 0 at the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a plane: its slices, and the positions x (1, n) and y (m, 1) in mm."""

    where: tuple[slice, slice]
    x: Plane
    y: Plane

    def within(self, whole: Window) -> tuple[slice, slice]:
        """The slices of this window in a plane that has the size of ``whole``, which must contain it."""
        rows, columns = self.where
        row, column = whole.where[0].start, whole.where[1].start
        return slice(rows.start - row, rows.stop - row), slice(columns.start - column, columns.stop - column)


@dataclass(frozen=True, slots=True)
class Grid:
    """``rows`` by ``columns`` samples, ``row_mm`` apart downwards and ``column_mm`` apart across."""

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
        place = np.arange(self.columns, dtype=np.float32) - np.float32((self.columns - 1) / 2)
        positions: Plane = place * np.float32(self.column_mm)
        return positions[None]

    def y_mm(self) -> Plane:
        """Positions of the rows, shape (rows, 1)."""
        place = np.arange(self.rows, dtype=np.float32) + np.float32(0.5)
        positions: Plane = place * np.float32(self.row_mm)
        return positions[:, None]

    def zeros(self) -> Plane:
        """An empty plane."""
        return np.zeros((self.rows, self.columns), np.float32)

    def window(self, left: float, top: float, right: float, bottom: float) -> Window:
        """The samples between these positions in mm, cut to the plane; it may be empty."""
        centre = (self.columns - 1) / 2
        columns = _span(left / self.column_mm + centre, right / self.column_mm + centre + 1, self.columns)
        rows = _span(top / self.row_mm, bottom / self.row_mm + 1, self.rows)
        return Window((rows, columns), self.x_mm()[:, columns], self.y_mm()[rows])


def _span(first: float, last: float, size: int) -> slice:
    start, stop = (int(min(max(position, 0), size)) for position in (first, last))
    return slice(start, max(start, stop))
