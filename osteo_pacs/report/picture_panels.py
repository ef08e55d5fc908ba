"""The two images of the picture: the source, and the same with what drove its result in colour (RGB, 8 bit).

The colours become brighter where they mean more, and a line runs around the half that means most, so that a
greyscale monitor shows it too. What the model was not given is dimmed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from osteo_pacs.findings import Region
from osteo_pacs.images import GreyImage, HeatMap

Pixels = npt.NDArray[np.uint8]
"""Rows x columns x 3."""
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

COLUMNS, ROWS = 460, 580
"""What a panel may take at most."""
LARGEST_MAGNIFICATION = 3.0
"""Beyond it a small image shows nothing but its interpolation."""
CONTOUR = 0.5
"""The part of the peak that the line runs along."""
DIMMED = 0.2
"""How much brighter than the model was given it something is shown at most."""

_OPACITY = 0.62
_LINE = np.array([255, 236, 170], dtype=np.uint8)
_STOPS = (0.0, 0.35, 0.7, 1.0)
_COLOURS = ((70, 10, 110), (190, 45, 95), (248, 130, 30), (255, 224, 80))
_HEAT = np.linspace(0, 1, 256)
RAMP = np.stack([np.interp(_HEAT, _STOPS, channel) for channel in zip(*_COLOURS, strict=True)], axis=1)
"""256 x 3: dark violet to bright yellow."""
_COVERED = (_OPACITY * _HEAT**0.75)[:, None]
_LEFT = (1 - _COVERED).astype(np.float32)
_ADDED = (RAMP * _COVERED + 0.5).astype(np.float32)


def draw_panels(image: GreyImage, region: Region, found: HeatMap) -> tuple[Pixels, Pixels]:
    """The source and the overlay, both in true proportion and of one size."""
    columns, rows = shown_size(image)
    grey = _smooth(image.pixels, columns, rows)
    left, top, right, bottom = _shown_box(region, image, columns, rows)
    overlay = np.repeat(np.minimum(grey, round(DIMMED * 255))[..., None], 3, axis=2)
    overlay[top:bottom, left:right] = _coloured(grey[top:bottom, left:right], found)
    return np.repeat(grey[..., None], 3, axis=2), overlay


def _coloured(grey: Bytes, found: HeatMap) -> Bytes:
    rows, columns = grey.shape
    heat = _smooth(found.heat, columns, rows)
    shown = np.minimum(grey, _smooth(np.minimum(found.seen + np.float32(DIMMED), 1), columns, rows))
    coloured = (shown[..., None] * _LEFT[heat] + _ADDED[heat]).astype(np.uint8)
    coloured[_contour(heat >= CONTOUR * 255)] = _LINE
    return coloured


def shown_size(image: GreyImage) -> tuple[int, int]:
    """Columns and rows at which an image fits a panel in true proportion; at least 1 each."""
    row_mm, column_mm = image.spacing_mm or (1.0, 1.0)
    height_mm, width_mm = image.rows * row_mm, image.columns * column_mm
    scale = min(COLUMNS / width_mm, ROWS / height_mm, LARGEST_MAGNIFICATION / max(row_mm, column_mm))
    return max(1, round(width_mm * scale)), max(1, round(height_mm * scale))


def _shown_box(region: Region, image: GreyImage, columns: int, rows: int) -> tuple[int, int, int, int]:
    across, down = columns / image.columns, rows / image.rows
    left, top = int(region.left * across), int(region.top * down)
    right, bottom = round(region.right * across), round(region.bottom * down)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _smooth(values: Floats, columns: int, rows: int) -> Bytes:
    """Values of 0 to 1 at another size, as bytes."""
    scaled = (values * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return np.asarray(Image.fromarray(scaled).resize((columns, rows), Image.Resampling.BICUBIC))


def _contour(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The pixels of the mask that have a neighbour outside it."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
