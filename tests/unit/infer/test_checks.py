from __future__ import annotations

import numpy as np
import pytest

from osteo_pacs.findings import RefusalReason
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.checks import SENTENCES, InputLimits, check_picture, check_scan, contrast
from osteo_pacs.infer.outcome import Prediction, RefusedImage

LIMITS = InputLimits(min_rows=96, min_columns=80, max_pixels=10_000, min_coverage=0.25, min_contrast=0.05)


def picture(rows: int, columns: int) -> GreyImage:
    return GreyImage(np.tile(np.linspace(0, 1, columns, dtype=np.float32), (rows, 1)))


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((96, 80), None),
        ((95, 80), RefusalReason.IMAGE_TOO_SMALL),
        ((96, 79), RefusalReason.IMAGE_TOO_SMALL),
        ((100, 100), None),
        ((101, 100), RefusalReason.IMAGE_TOO_LARGE),
        ((1, 1), RefusalReason.IMAGE_TOO_SMALL),
    ],
)
def test_size_limits_are_inclusive(size, reason):
    assert check_picture(picture(*size), LIMITS) is reason


@pytest.mark.parametrize("grey", [0, 0.5, 1])
def test_a_constant_picture_has_no_contrast(grey):
    constant = GreyImage(np.full((100, 90), grey, np.float32))
    assert check_picture(constant, LIMITS) is RefusalReason.NO_CONTRAST


def test_a_picture_of_a_few_bright_pixels_has_no_contrast():
    grey = np.full((100, 100), 0.4, np.float32)
    grey[:1, :50] = 1
    assert check_picture(GreyImage(grey), LIMITS) is RefusalReason.NO_CONTRAST


def test_values_that_are_not_numbers_have_no_contrast():
    grey = picture(100, 100).pixels.copy()
    grey[::2] = np.nan
    assert check_picture(GreyImage(grey), LIMITS) is RefusalReason.NO_CONTRAST


def test_little_scanned_area_is_poor_coverage():
    scan = picture(100, 100).pixels
    assert check_scan(scan, 0.24, LIMITS) is RefusalReason.POOR_COVERAGE
    assert check_scan(scan, 0.25, LIMITS) is None


def test_contrast_is_the_distance_of_percentiles():
    assert contrast(picture(50, 1001).pixels) == pytest.approx(0.96, abs=0.02)


def test_every_reason_that_the_model_gives_has_a_sentence(model):
    refused = model.predict([picture(10, 10)])
    assert refused == [
        RefusedImage(10, 10, RefusalReason.IMAGE_TOO_SMALL, SENTENCES[RefusalReason.IMAGE_TOO_SMALL])
    ]
    assert all(sentence.isascii() and sentence.endswith(".") for sentence in SENTENCES.values())


def test_refused_and_read_images_keep_their_order(model, spines):
    outcomes = model.predict([picture(10, 10), spines[0], GreyImage(np.ones((300, 300), np.float32)), spines[1]])
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [RefusedImage, Prediction, RefusedImage, Prediction]
    assert outcomes[2].reason is RefusalReason.NO_CONTRAST
