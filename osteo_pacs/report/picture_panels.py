"""The two images of the picture: the source, and the same with what drove its result in colour.

The colours become brighter where they mean more, and a line runs around the half that means most, so that a
greyscale monitor shows it too. What the model was not given is dimmed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

from osteo_pacs.findings import Region
from osteo_pacs.images import GreyImage, HeatMap

COLUMNS, ROWS = 460, 580
"""What a panel may take at most."""
LARGEST_MAGNIFICATION = 3.0
"""Beyond it a small image shows nothing but its interpolation."""
CONTOUR = 0.5
"""The part of the peak that the line runs along."""
DIMMED = round(0.2 * 255)
"""How much brighter than the model was given it something is shown at most."""

_OPACITY = 0.62
_LINE = (255, 236, 170)
_STOPS = (0.0, 0.35, 0.7, 1.0)
_COLOURS = ((70, 10, 110), (190, 45, 95), (248, 130, 30), (255, 224, 80))
_HEAT = np.linspace(0, 1, 256)
_CHANNELS = [np.interp(_HEAT, _STOPS, channel) for channel in zip(*_COLOURS, strict=True)]
RAMP = np.stack(_CHANNELS, axis=1).round().astype(np.uint8)
"""256 x 3: dark violet to bright yellow."""
_COVERING = (255 * _OPACITY * _HEAT**0.75).round().astype(int).tolist()
_BRIGHTER = [min(255, grey + DIMMED) for grey in range(256)]


def draw_panels(image: GreyImage, region: Region, found: HeatMap) -> tuple[Image.Image, Image.Image]:
    """The source and the overlay, both RGB, in true proportion and of one size."""
    size = shown_size(image)
    grey = _shown(image.pixels, size, Image.Resampling.BICUBIC)
    box = _shown_box(region, image, size)
    overlay = grey.point([min(value, DIMMED) for value in range(256)]).convert("RGB")
    overlay.paste(_coloured(grey.crop(box), found), box)
    return grey.convert("RGB"), overlay


def shown_size(image: GreyImage) -> tuple[int, int]:
    """Columns and rows at which an image fits a panel in true proportion; at least 1 each."""
    row_mm, column_mm = image.spacing_mm or (1.0, 1.0)
    height_mm, width_mm = image.rows * row_mm, image.columns * column_mm
    scale = min(COLUMNS / width_mm, ROWS / height_mm, LARGEST_MAGNIFICATION / max(row_mm, column_mm))
    return max(1, round(width_mm * scale)), max(1, round(height_mm * scale))


def _shown_box(region: Region, image: GreyImage, size: tuple[int, int]) -> tuple[int, int, int, int]:
    across, down = size[0] / image.columns, size[1] / image.rows
    left, top = int(region.left * across), int(region.top * down)
    right, bottom = round(region.right * across), round(region.bottom * down)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _coloured(grey: Image.Image, found: HeatMap) -> Image.Image:
    heat = _shown(found.heat, grey.size)
    given = _shown(found.seen, grey.size).point(_BRIGHTER)
    shown = ImageChops.darker(grey, given).convert("RGB")
    colour = heat.copy()
    colour.putpalette(RAMP.tobytes())
    coloured = Image.composite(colour.convert("RGB"), shown, heat.point(_COVERING))
    coloured.paste(_LINE, mask=Image.fromarray(_contour(np.asarray(heat) >= CONTOUR * 255)))
    return coloured


def _shown(
    values: npt.NDArray[np.float32], size: tuple[int, int], how: Image.Resampling = Image.Resampling.BILINEAR
) -> Image.Image:
    """Values of 0 to 1 as grey of 8 bits at another size."""
    scaled = (values * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return Image.fromarray(scaled).resize(size, how)


def _contour(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The pixels of the mask that have a neighbour outside it."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
