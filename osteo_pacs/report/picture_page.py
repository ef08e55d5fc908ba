"""The page of the picture: two panels side by side on black, and words centred below them.

Viewers write their own words into the corners and along the top, so nothing of ours stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import ceil
from typing import cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from osteo_pacs.report.picture_panels import RAMP

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

    image: Image.Image
    caption: str
    has_scale: bool = False


def draw_page(panels: Sequence[Panel], lines: Iterable[Line]) -> Image.Image:
    """The page, RGB, as high as its panels and lines need it."""
    bottom = MARGIN + max(panel.image.height for panel in panels)
    broken = [part for line in lines for part in _broken(line)]
    height = bottom + BELOW_PANELS + sum(_advance(line) for line in broken) + MARGIN // 2
    page = Image.new("RGB", (WIDTH, height))
    _draw_panels(page, panels, bottom)
    top = bottom + BELOW_PANELS
    for line in broken:
        _write(page, line, WIDTH // 2, top + line.gap)
        top += _advance(line)
    return page


def _draw_panels(page: Image.Image, panels: Sequence[Panel], bottom: int) -> None:
    left = (WIDTH - GAP * (len(panels) - 1) - sum(panel.image.width for panel in panels)) // 2
    for panel in panels:
        middle = left + panel.image.width // 2
        page.paste(panel.image, (left, bottom - panel.image.height))
        _write(page, Line(panel.caption, CAPTION_SIZE, GREY), middle, bottom + 8)
        if panel.has_scale:
            _draw_scale(page, middle, bottom + 8 + round(CAPTION_SIZE * LEADING))
        left += panel.image.width + GAP


def _draw_scale(page: Image.Image, middle: int, top: int) -> None:
    """Says which colour is less and which is more."""
    colours = RAMP[np.linspace(0, len(RAMP) - 1, SCALE_COLUMNS).astype(int)]
    page.paste(Image.fromarray(np.tile(colours, (SCALE_ROWS, 1, 1))), (middle - SCALE_COLUMNS // 2, top + 6))
    _write(page, Line("less", CAPTION_SIZE - 2, GREY), middle - SCALE_COLUMNS // 2 - 24, top)
    _write(page, Line("more", CAPTION_SIZE - 2, GREY), middle + SCALE_COLUMNS // 2 + 24, top)


def _write(page: Image.Image, line: Line, middle: int, top: int) -> None:
    letters = _letters(line.text, line.size)
    page.paste(line.colour, (middle - letters.width // 2, top), mask=letters)


@lru_cache(maxsize=64)
def _letters(text: str, size: int) -> Image.Image:
    """A line of text in white on black; most lines are the same in picture after picture."""
    font = _font(size)
    letters = Image.new("L", (ceil(font.getlength(text)), round(size * LEADING)))
    ImageDraw.Draw(letters).text((0, 0), text, 255, font, anchor="la")
    return letters


@lru_cache(maxsize=64)
def _broken(line: Line) -> tuple[Line, ...]:
    """The line, or as many as it takes on a page of this width."""
    font, room = _font(line.size), WIDTH - 2 * MARGIN
    if font.getlength(line.text) <= room:
        return (line,)
    parts = [""]
    for word in line.text.split():
        longer = f"{parts[-1]} {word}".strip()
        if font.getlength(longer) <= room or not parts[-1]:
            parts[-1] = longer
        else:
            parts.append(word)
    return tuple(replace(line, text=part, gap=0 if number else line.gap) for number, part in enumerate(parts))


def _advance(line: Line) -> int:
    return line.gap + round(line.size * LEADING)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font that Pillow carries, there on every host; its wheels have FreeType, which scales it."""
    return cast("ImageFont.FreeTypeFont", ImageFont.load_default(size))
