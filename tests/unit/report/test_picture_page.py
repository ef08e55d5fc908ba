from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from osteo_pacs.report.picture_page import AMBER, MARGIN, WHITE, WIDTH, Line, Panel, draw_page

SENTENCE = "A sentence of several words that stands below the panels."


def panel(columns=300, rows=400, caption="What it shows", **keys):
    return Panel(Image.new("RGB", (columns, rows), (90, 90, 90)), caption, **keys)


def page(*lines, panels=None):
    return np.asarray(draw_page(panels or [panel(), panel(has_scale=True)], lines))


def test_viewers_have_the_top_and_the_corners_to_themselves():
    drawn = page(Line(SENTENCE, 24, WHITE))
    assert not drawn[:MARGIN].any()
    assert not drawn[:, :MARGIN].any()
    assert not drawn[:, -MARGIN:].any()


def test_panels_stand_side_by_side_in_the_middle():
    drawn = page(Line(SENTENCE, 24, WHITE))
    row = drawn[MARGIN + 10, :, 0]
    left, right = np.flatnonzero(row)[[0, -1]]
    assert row.astype(bool).sum() == 600
    assert left == pytest.approx(WIDTH - 1 - right, abs=1)


def test_words_stand_below_the_panels_in_the_middle():
    drawn = page(Line(SENTENCE, 24, WHITE))
    words = np.argwhere((drawn == WHITE).all(axis=2))
    assert words[:, 0].min() > MARGIN + 400
    assert words[:, 1].min() + words[:, 1].max() == pytest.approx(WIDTH, abs=4)


def test_letters_are_as_high_as_asked():
    heights = []
    for size in (16, 32):
        words = np.argwhere((page(Line("H", size, AMBER)) == AMBER).all(axis=2))
        heights.append(np.ptp(words[:, 0]) + 1)
    assert heights == pytest.approx([12, 24], abs=2)


def test_a_long_sentence_is_broken_and_the_page_grows():
    short, long = page(Line(SENTENCE, 24, WHITE)), page(Line(f"{SENTENCE} " * 4, 24, WHITE))
    assert long.shape[0] > short.shape[0] + 24
    assert not long[:, :MARGIN].any()
    assert not long[:, -MARGIN:].any()
    assert not long[-MARGIN // 4 :].any()


def test_panels_of_the_least_size_can_be_drawn():
    assert page(Line(SENTENCE, 24, WHITE), panels=[panel(1, 1), panel(1, 1, has_scale=True)]).any()


def test_a_colour_scale_says_less_and_more():
    plain = page(Line(SENTENCE, 24, WHITE), panels=[panel(), panel()])
    scaled = page(Line(SENTENCE, 24, WHITE))
    added = np.argwhere((plain != scaled).any(axis=2))
    assert added[:, 0].min() > MARGIN + 400
    assert added[:, 1].min() > WIDTH // 2


def test_the_same_words_give_the_same_page():
    assert np.array_equal(page(Line(SENTENCE, 24, WHITE)), page(Line(SENTENCE, 24, WHITE)))
