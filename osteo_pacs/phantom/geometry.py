"""How large each scanner's pictures are, and on which samples they were taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteo_pacs.phantom.chance import happens
from osteo_pacs.phantom.grid import Grid
from osteo_pacs.phantom.scanner import SCANNERS, ScannerStyle


@dataclass(frozen=True, slots=True)
class Geometry:
    """The grid of samples, and the picture's rows and columns that are made of it by interpolation."""

    samples: Grid
    rows: int
    columns: int

    def pixel(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Column and row of a position, from 0 at the picture's upper left corner."""
        return (
            (x_mm / self.samples.width_mm + 0.5) * self.columns,
            y_mm / self.samples.height_mm * self.rows,
        )


def spine_geometry(style: ScannerStyle, rng: np.random.Generator) -> Geometry:
    """An AP spine picture's size.

    The iDXA always makes 780 x 716 of 0.25 mm. A Prodigy gives its samples of 1.05 x 0.60 mm as they are, from 233
    rows on, or at one of four sites squares them to 0.60 mm, up to 405 rows. A Hologic's picture is a crop of
    its report page with squared pixels, at the page's own scale.
    """
    row_mm, column_mm = SCANNERS[style].sample_mm
    if style is ScannerStyle.GE_IDXA:
        return Geometry(Grid(390, 358, row_mm, column_mm), 780, 716)
    if style is ScannerStyle.GE_PRODIGY:
        columns = int(rng.integers(248, 301))
        if happens(rng, 0.25):
            rows = int(rng.integers(330, 406))
            return Geometry(Grid(round(rows * column_mm / row_mm), columns, row_mm, column_mm), rows, columns)
        rows = int(rng.integers(233, 256))
        return Geometry(Grid(rows, columns, row_mm, column_mm), rows, columns)
    samples = Grid(int(rng.integers(180, 226)), int(rng.integers(228, 281)), row_mm, column_mm)
    return _squared(samples, float(rng.choice((1.0, 1.25, 1.6))))


def region_geometry(style: ScannerStyle, height_mm: float, width_mm: float) -> Geometry:
    """Another region's picture of this field: 0.25 mm on the iDXA, bare samples on the Prodigy."""
    row_mm, column_mm = SCANNERS[style].sample_mm
    samples = Grid(round(height_mm / row_mm), round(width_mm / column_mm), row_mm, column_mm)
    if style is ScannerStyle.GE_IDXA:
        return Geometry(samples, samples.rows * 2, samples.columns * 2)
    if style is ScannerStyle.GE_PRODIGY:
        return Geometry(samples, samples.rows, samples.columns)
    return _squared(samples, 1.25)


def total_body_geometry(style: ScannerStyle) -> Geometry:
    """A total body picture: about 2.4 mm a pixel, 791 x 272 on the iDXA."""
    rows, columns = {
        ScannerStyle.GE_IDXA: (791, 272),
        ScannerStyle.GE_PRODIGY: (654, 250),
        ScannerStyle.HOLOGIC: (600, 210),
    }[style]
    return Geometry(Grid(rows, columns, 1900 / rows, 650 / columns), rows, columns)


def chest_geometry() -> Geometry:
    """A chest radiograph, 0.5 mm a pixel: no densitometer took it."""
    return Geometry(Grid(400, 360, 1.0, 1.0), 800, 720)


def _squared(samples: Grid, scale: float) -> Geometry:
    """The picture with square pixels that has the samples' columns, times ``scale``."""
    rows = samples.rows * samples.row_mm / samples.column_mm
    return Geometry(samples, round(rows * scale), round(samples.columns * scale))
