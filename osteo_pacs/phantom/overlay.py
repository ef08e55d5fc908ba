"""What the densitometry program burns into a picture: the region of each vertebra, its label, a caption."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from osteo_pacs.phantom.chance import happens
from osteo_pacs.phantom.geometry import Geometry
from osteo_pacs.phantom.reference import LEVELS
from osteo_pacs.phantom.scanner import ScannerStyle
from osteo_pacs.phantom.spine import Vertebra, lumbar

OVERLAY_FREQUENCY = {
    ScannerStyle.GE_IDXA: 0.08,
    ScannerStyle.GE_PRODIGY: 0.12,
    ScannerStyle.HOLOGIC: 0.65,
}
"""Part of the pictures that carry an overlay."""

_LINE_GREY = 235


def burn_in(
    grey: npt.NDArray[np.uint8], geometry: Geometry, spine: tuple[Vertebra, ...], rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """The picture with the lines of L1-L4, and in most also labels and a caption."""
    picture = Image.fromarray(grey)
    draw = ImageDraw.Draw(picture)
    levels = lumbar(spine)
    half = float(rng.uniform(1.25, 1.45))
    for vertebra in levels:
        _line(draw, geometry, vertebra, -1.17, half)
    _line(draw, geometry, levels[-1], 1.17, half)
    for side in (-half, half):
        corners = [vertebra.place(side, end) for vertebra in levels for end in (-1.17, 1.17)]
        draw.line([geometry.pixel(*corner) for corner in corners], fill=_LINE_GREY, width=_stroke(geometry))
    if happens(rng, 0.8):
        _write_labels(draw, geometry, levels, -half - 0.55)
    if happens(rng, 0.5):
        _write_caption(draw, geometry, rng)
    return np.asarray(picture)


def _line(draw: ImageDraw.ImageDraw, geometry: Geometry, vertebra: Vertebra, end: float, half: float) -> None:
    points = [geometry.pixel(*vertebra.place(side, end)) for side in (-half, half)]
    draw.line(points, fill=_LINE_GREY, width=_stroke(geometry))


def _stroke(geometry: Geometry) -> int:
    return max(1, geometry.columns // 350)


def _write_labels(draw: ImageDraw.ImageDraw, geometry: Geometry, levels: tuple[Vertebra, ...], u: float) -> None:
    font = font_of(max(9, geometry.columns // 28))
    for name, vertebra in zip(LEVELS, levels, strict=True):
        draw.text(geometry.pixel(*vertebra.place(u, 0)), name, fill=_LINE_GREY, font=font, anchor="mm")


def _write_caption(draw: ImageDraw.ImageDraw, geometry: Geometry, rng: np.random.Generator) -> None:
    """The constants of the scan, as programs print them under a picture."""
    size = max(8, geometry.columns // 30)
    text = f"k = {rng.uniform(1.11, 1.17):.3f}, d0 = {rng.uniform(42, 56):.1f}"
    draw.text((geometry.columns / 2, geometry.rows - size), text, fill=200, font=font_of(size), anchor="mm")


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that Pillow carries, so that no installed font changes a picture."""
    return ImageFont.load_default(size)
