from __future__ import annotations

import numpy as np
import pytest

from osteo_pacs.images import GreyImage
from osteo_pacs.infer.checks import (
    NO_CONTRAST,
    OBJECTIONS,
    POOR_COVERAGE,
    SATURATED,
    TOO_LARGE,
    TOO_SMALL,
    UNFAMILIAR,
    UPSIDE_DOWN,
    InputLimits,
    check_picture,
    check_scan,
    contrast,
)
from osteo_pacs.infer.outcome import Prediction, RefusedImage
from osteo_pacs.phantom import OUT_OF_SCOPE, PhantomKind, out_of_scope_image
from spines import grey

LIMITS = InputLimits(
    min_rows=96, min_columns=80, max_pixels=10_000, min_coverage=0.25, min_contrast=0.05, max_saturated=0.01
)


def picture(rows: int, columns: int) -> GreyImage:
    return GreyImage(np.tile(np.linspace(0, 1, columns, dtype=np.float32), (rows, 1)))


@pytest.mark.parametrize(
    ("size", "objection"),
    [
        ((96, 80), None),
        ((95, 80), TOO_SMALL),
        ((96, 79), TOO_SMALL),
        ((100, 100), None),
        ((101, 100), TOO_LARGE),
        ((1, 1), TOO_SMALL),
    ],
)
def test_size_limits_are_inclusive(size, objection):
    assert check_picture(picture(*size), LIMITS) is objection


@pytest.mark.parametrize("grey", [0, 0.5, 1])
def test_a_constant_picture_has_no_contrast(grey):
    constant = GreyImage(np.full((100, 90), grey, np.float32))
    assert check_picture(constant, LIMITS) is NO_CONTRAST


def test_a_picture_of_a_few_bright_pixels_has_no_contrast():
    grey = np.full((100, 100), 0.4, np.float32)
    grey[:1, :50] = 1
    assert check_picture(GreyImage(grey), LIMITS) is NO_CONTRAST


def test_values_that_are_not_numbers_have_no_contrast():
    grey = picture(100, 100).pixels.copy()
    grey[::2] = np.nan
    assert check_picture(GreyImage(grey), LIMITS) is NO_CONTRAST


def test_little_scanned_area_is_poor_coverage():
    scan = picture(100, 100).pixels
    assert check_scan(scan, 0.24, 0, LIMITS) is POOR_COVERAGE
    assert check_scan(scan, 0.25, 0, LIMITS) is None


def test_contrast_is_the_distance_of_percentiles():
    assert contrast(picture(50, 1001).pixels) == pytest.approx(0.96, abs=0.02)


def test_areas_without_detail_are_metal():
    scan = picture(100, 100).pixels
    assert check_scan(scan, 1, 0.011, LIMITS) is SATURATED
    assert check_scan(scan, 1, 0.01, LIMITS) is None


def test_every_objection_is_a_plain_sentence():
    assert all(objection.sentence.isascii() and objection.sentence.endswith(".") for objection in OBJECTIONS)


def test_a_refused_image_has_reason_and_sentence(model):
    assert model.predict([picture(10, 10)]) == [RefusedImage(10, 10, TOO_SMALL.reason, TOO_SMALL.sentence)]


def outcomes_of(model, kind: PhantomKind) -> list[Prediction | RefusedImage]:
    pictures = (out_of_scope_image(kind, seed) for seed in range(900, 904))
    return model.predict([grey(pixels, truth.scanner) for pixels, truth in pictures])


@pytest.mark.parametrize("kind", OUT_OF_SCOPE)
def test_pictures_that_show_no_readable_spine_are_refused(model, kind):
    refused = [outcome for outcome in outcomes_of(model, kind) if isinstance(outcome, RefusedImage)]
    assert len(refused) == 4


def test_metal_is_named(model):
    assert {outcome.sentence for outcome in outcomes_of(model, PhantomKind.SPINE_HARDWARE)} == {SATURATED.sentence}


def test_an_upside_down_spine_is_named(model):
    found = {outcome.sentence for outcome in outcomes_of(model, PhantomKind.SPINE_UPSIDE_DOWN)}
    assert found <= {UPSIDE_DOWN.sentence, UNFAMILIAR.sentence}
    assert UPSIDE_DOWN.sentence in found


def test_what_is_no_spine_is_named(model):
    assert UNFAMILIAR.sentence in {outcome.sentence for outcome in outcomes_of(model, PhantomKind.FEMUR_LEFT)}


def test_refused_and_read_images_keep_their_order(model, spines):
    outcomes = model.predict([picture(10, 10), spines[0], GreyImage(np.ones((300, 300), np.float32)), spines[1]])
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [RefusedImage, Prediction, RefusedImage, Prediction]
    assert outcomes[2].sentence == NO_CONTRAST.sentence
