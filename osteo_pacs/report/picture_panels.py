"""The two images of the picture: the source, and the same with what drove its score in colour (RGB, 8 bit)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from osteo_pacs.findings import Region
from osteo_pacs.images import GreyImage

Pixels = npt.NDArray[np.uint8]
"""Rows x columns x 3."""
HeatMap = npt.NDArray[np.float32]
"""Rows x columns of a region, 0 to 1."""

COLUMNS, ROWS = 460, 600
"""What a panel may take at most."""
LARGEST_MAGNIFICATION = 3.0
"""Beyond it a small image shows nothing but its interpolation."""
CONTOUR = 0.5
"""The line runs where the heat passes this part of its peak: it is seen on a greyscale monitor too."""
LINE = np.array([255, 236, 170], dtype=np.float32)
OPACITY = 0.6
NOT_ANALYSED = 0.35
"""Brightness of what lies outside the analysed region."""

_STOPS = (0.0, 0.35, 0.7, 1.0)
_COLOURS = ((70, 10, 110), (190, 45, 95), (248, 130, 30), (255, 224, 80))
LEVELS = np.linspace(0, 1, 256)
RAMP = np.stack([np.interp(LEVELS, _STOPS, channel) for channel in zip(*_COLOURS, strict=True)], axis=1)
"""256 x 3, dark violet to bright yellow: more is brighter too."""


def draw_panels(image: GreyImage, region: Region, heat: HeatMap) -> tuple[Pixels, Pixels]:
    """The source and the overlay, both in true proportion and of one size."""
    columns, rows = shown_size(image)
    grey = _resized(np.round(image.pixels * 255).astype(np.uint8), columns, rows)
    source = np.repeat(grey[..., None], 3, axis=2)
    box = _shown_box(region, image, columns, rows)
    left, top, right, bottom = box
    overlay = source * np.float32(NOT_ANALYSED)
    inside = _coloured(source[top:bottom, left:right], _resized(heat, right - left, bottom - top))
    overlay[top:bottom, left:right] = inside
    return source, np.round(overlay).astype(np.uint8)


def shown_size(image: GreyImage) -> tuple[int, int]:
    """Columns and rows at which an image fits a panel in true proportion; at least 1 each."""
    row_mm, column_mm = image.spacing_mm or (1.0, 1.0)
    height_mm, width_mm = image.rows * row_mm, image.columns * column_mm
    magnified = LARGEST_MAGNIFICATION / max(row_mm, column_mm)
    scale = min(COLUMNS / width_mm, ROWS / height_mm, magnified)
    return max(1, round(width_mm * scale)), max(1, round(height_mm * scale))


def _shown_box(region: Region, image: GreyImage, columns: int, rows: int) -> tuple[int, int, int, int]:
    across, down = columns / image.columns, rows / image.rows
    left, top = int(region.left * across), int(region.top * down)
    right, bottom = round(region.right * across), round(region.bottom * down)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _resized(values: npt.NDArray[np.generic], columns: int, rows: int) -> npt.NDArray[np.generic]:
    return np.asarray(Image.fromarray(values).resize((columns, rows), Image.Resampling.BICUBIC))


def _coloured(source: Pixels, heat: HeatMap) -> npt.NDArray[np.float32]:
    heat = np.clip(heat, 0, 1)
    opacity = (OPACITY * np.sqrt(heat) * heat**0.25)[..., None]
    colour = RAMP[np.round(heat * 255).astype(np.uint8)].astype(np.float32)
    blended = source * (1 - opacity) + colour * opacity
    blended[_contour(heat >= CONTOUR)] = LINE
    return blended


def _contour(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The pixels of the mask that have a neighbour outside it."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
