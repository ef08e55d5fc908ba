from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from osteo_pacs.findings import Region
from osteo_pacs.images import GreyImage, HeatMap
from osteo_pacs.report.picture_panels import COLUMNS, RAMP, ROWS, draw_panels, shown_size

GREY = 100


def image(rows, columns, spacing_mm=None, grey=GREY):
    return GreyImage(np.full((rows, columns), grey / 255, dtype=np.float32), spacing_mm)


def whole(source):
    return Region(0, 0, source.columns, source.rows)


def heat_map(region, heat=0.0, seen=GREY / 255):
    shape = region.bottom - region.top, region.right - region.left
    return HeatMap(np.full(shape, heat, dtype=np.float32), np.full(shape, seen, dtype=np.float32))


@pytest.mark.parametrize(
    ("rows", "columns", "spacing_mm", "shown"),
    [
        (780, 716, (0.25, 0.25), (COLUMNS, 501)),  # iDXA
        (233, 248, (1.05, 0.60), (353, ROWS)),  # Prodigy, whose pixels are not square
        (1700, 800, None, (273, ROWS)),
        (800, 1700, None, (COLUMNS, 216)),
        (100, 96, None, (288, 300)),  # not magnified more than three times
        (100, 96, (2.0, 1.0), (144, 300)),
    ],
)
def test_image_fits_a_panel_in_true_proportion(rows, columns, spacing_mm, shown):
    assert shown_size(image(rows, columns, spacing_mm)) == shown


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_image_with_every_region_can_be_drawn(data):
    rows, columns = data.draw(st.integers(1, 900)), data.draw(st.integers(1, 900))
    distance = st.floats(1e-3, 1e3)
    spacing_mm = data.draw(st.none() | st.tuples(distance, distance))
    left, top = data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1))
    region = Region(left, top, data.draw(st.integers(left + 1, columns)), data.draw(st.integers(top + 1, rows)))
    source, overlay = draw_panels(image(rows, columns, spacing_mm), region, heat_map(region, heat=1))
    assert source.size == overlay.size
    assert source.mode == overlay.mode == "RGB"
    assert source.width <= COLUMNS
    assert source.height <= ROWS


def test_source_is_shown_as_it_is():
    pixels = np.linspace(0, 1, 300 * 200, dtype=np.float32).reshape(300, 200)
    region = Region(0, 0, 200, 300)
    source, _ = draw_panels(GreyImage(pixels), region, heat_map(region, heat=1))
    expected = Image.fromarray(np.round(pixels * 255).astype(np.uint8)).resize(source.size)
    assert np.abs(np.asarray(source, dtype=int) - np.asarray(expected, dtype=int)[..., None]).max() <= 2


def test_where_nothing_drove_the_result_there_is_no_colour():
    source = image(300, 200)
    panels = draw_panels(source, whole(source), heat_map(whole(source)))
    assert np.array_equal(*map(np.asarray, panels))


def test_colour_lies_in_the_region_alone():
    source, region = image(300, 200), Region(50, 100, 150, 200)
    shown, overlay = (np.asarray(panel, dtype=int) for panel in draw_panels(source, region, heat_map(region, 1)))
    is_coloured = np.ptp(overlay, axis=2) > 0
    scale = shown.shape[0] / 300
    rows, columns = np.nonzero(is_coloured)
    assert (rows.min(), rows.max() + 1) == pytest.approx((100 * scale, 200 * scale), abs=1)
    assert (columns.min(), columns.max() + 1) == pytest.approx((50 * scale, 150 * scale), abs=1)


def test_a_line_runs_around_the_half_that_drove_the_result_most():
    source = image(300, 200)
    heat = np.repeat(np.linspace(0, 1, 200, dtype=np.float32)[None], 300, axis=0)
    _, overlay = draw_panels(source, whole(source), HeatMap(heat, np.full_like(heat, GREY / 255)))
    row = np.asarray(overlay, dtype=int)[overlay.height // 2].sum(axis=1)
    [line] = np.flatnonzero(row > 600)
    assert line == pytest.approx(overlay.width / 2, abs=2)


def test_more_is_brighter_on_a_greyscale_monitor_too():
    luminance = RAMP @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(luminance) > -0.5).all()
    assert luminance[-1] - luminance[0] > 150


def test_what_the_model_was_not_given_is_dimmed():
    source = image(300, 200, grey=255)
    _, overlay = draw_panels(source, whole(source), heat_map(whole(source), seen=0.0))
    assert np.asarray(overlay).max() <= 60


def test_what_lies_outside_the_region_is_dimmed():
    source, region = image(300, 200, grey=255), Region(0, 0, 200, 150)
    _, overlay = draw_panels(source, region, heat_map(region, seen=1.0))
    pixels = np.asarray(overlay)
    assert pixels[: overlay.height // 2 - 2].min() == 255
    assert pixels[overlay.height // 2 + 2 :].max() <= 60
