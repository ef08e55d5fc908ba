"""The picture's page: two panels side by side on black, words centred below them.

Viewers write their own words into the corners and along the top, so nothing stands there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

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
SCALE = (120, 10)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of the page; ``size`` in pixels. It is broken where it is longer than the page is wide."""

    text: str
    size: int
    colour: Colour


def draw_page(panels: Sequence[Pixels], captions: Sequence[str], lines: Iterable[Line]) -> Pixels:
    """The page, as high as it needs to be."""
    placed = list(_placed(lines, MARGIN + panels[0].shape[0] + 64))
    height = placed[-1][1] + placed[-1][0].size + MARGIN
    page = Image.new("RGB", (WIDTH, height))
    draw = ImageDraw.Draw(page)
    left = (WIDTH - sum(panel.shape[1] for panel in panels) - GAP * (len(panels) - 1)) // 2
    for panel, caption in zip(panels, captions, strict=True):
        page.paste(Image.fromarray(panel), (left, MARGIN))
        middle = left + panel.shape[1] // 2
        draw.text((middle, MARGIN + panel.shape[0] + 8), caption, GREY, font(CAPTION_SIZE), anchor="ma")
        left += panel.shape[1] + GAP
    for line, top in placed:
        draw.text((WIDTH // 2, top), line.text, line.colour, font(line.size), anchor="ma")
    return np.asarray(page)


def _placed(lines, top):
    for line in lines:
        for text in textwrap.wrap(line.text, int((WIDTH - 2 * MARGIN) / (line.size * 0.5))):
            yield Line(text, line.size, line.colour), top
            top += round(line.size * 1.35)
        top += round(line.size * 0.3)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
