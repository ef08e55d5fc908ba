"""The page of the picture: two panels side by side on black, and words centred below them (RGB, 8 bit).

Viewers write their own words into the corners and along the top, so nothing of ours stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from osteo_pacs.report.picture_panels import RAMP, Pixels

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
GREY: Colour = (185, 185, 185)
AMBER: Colour = (255, 200, 70)

WIDTH = 1000
MARGIN = 28
GAP = 20
CAPTION_SIZE = 17
BELOW_PANELS = 72
LEADING = 1.35
"""Distance of two lines, in sizes of their letters."""
SCALE_COLUMNS, SCALE_ROWS = 140, 8


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, its letters ``size`` pixels high; it is broken where the page is too narrow for it.

    ``gap`` pixels are left free above it.
    """

    text: str
    size: int
    colour: Colour
    gap: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """An image of the page, and what it shows; ``has_scale`` for one that is coloured."""

    pixels: Pixels
    caption: str
    has_scale: bool = False


def draw_page(panels: Iterable[Panel], lines: Iterable[Line]) -> Pixels:
    """The page, as high as its panels and lines need it."""
    panels = list(panels)
    bottom = MARGIN + max(panel.pixels.shape[0] for panel in panels)
    broken = list(_broken(lines))
    height = bottom + BELOW_PANELS + sum(_advance(line) for line in broken) + MARGIN // 2
    page = Image.new("RGB", (WIDTH, height))
    _draw_panels(page, panels, bottom)
    top = bottom + BELOW_PANELS
    for line in broken:
        _write(page, line, WIDTH // 2, top + line.gap)
        top += _advance(line)
    return np.asarray(page)


def _draw_panels(page: Image.Image, panels: list[Panel], bottom: int) -> None:
    left = (WIDTH - GAP * (len(panels) - 1) - sum(panel.pixels.shape[1] for panel in panels)) // 2
    for panel in panels:
        rows, columns, _ = panel.pixels.shape
        page.paste(Image.fromarray(panel.pixels), (left, bottom - rows))
        _write(page, Line(panel.caption, CAPTION_SIZE, GREY), left + columns // 2, bottom + 8)
        if panel.has_scale:
            _draw_scale(page, left + columns // 2, bottom + 8 + round(CAPTION_SIZE * LEADING))
        left += columns + GAP


def _draw_scale(page: Image.Image, middle: int, top: int) -> None:
    """Says which colour is less and which is more."""
    colours = RAMP[np.linspace(0, len(RAMP) - 1, SCALE_COLUMNS).astype(int)]
    scale = Image.fromarray(np.repeat(colours[None], SCALE_ROWS, axis=0).astype(np.uint8))
    page.paste(scale, (middle - SCALE_COLUMNS // 2, top + 6))
    draw = ImageDraw.Draw(page)
    for side, word, anchor in ((-1, "less", "ra"), (1, "more", "la")):
        place = (middle + side * (SCALE_COLUMNS // 2 + 8), top)
        draw.text(place, word, GREY, _font(CAPTION_SIZE - 2), anchor=anchor)


def _write(page: Image.Image, line: Line, middle: int, top: int) -> None:
    ImageDraw.Draw(page).text((middle, top), line.text, line.colour, _font(line.size), anchor="ma")


def _broken(lines: Iterable[Line]) -> Iterator[Line]:
    for line in lines:
        text, gap = "", line.gap
        for word in line.text.split():
            longer = f"{text} {word}".strip()
            if text and _font(line.size).getlength(longer) > WIDTH - 2 * MARGIN:
                yield replace(line, text=text, gap=gap)
                longer, gap = word, 0
            text = longer
        yield replace(line, text=text, gap=gap)


def _advance(line: Line) -> int:
    return line.gap + round(line.size * LEADING)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font that Pillow carries, there on every host; its wheels have FreeType, which scales it."""
    return cast("ImageFont.FreeTypeFont", ImageFont.load_default(size))
