"""Is this a picture that the model may read? Size, contrast, coverage and metal, with the bundle's thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteo_pacs.findings import RefusalReason
from osteo_pacs.images import GreyImage


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a picture is not read, and what the radiologist is told."""

    reason: RefusalReason
    sentence: str


TOO_SMALL = Objection(RefusalReason.IMAGE_TOO_SMALL, "The image has too few pixels to be read.")
TOO_LARGE = Objection(RefusalReason.IMAGE_TOO_LARGE, "The image has more pixels than a spine DXA image can have.")
NO_CONTRAST = Objection(RefusalReason.NO_CONTRAST, "The image shows no contrast between bone and soft tissue.")
POOR_COVERAGE = Objection(RefusalReason.POOR_COVERAGE, "Too little of the image was scanned.")
SATURATED = Objection(
    RefusalReason.UNLIKE_TRAINING_IMAGES, "The scan has areas without detail, as metal in or over the spine has."
)
UNFAMILIAR = Objection(
    RefusalReason.UNLIKE_TRAINING_IMAGES,
    "The image is unlike the AP lumbar spine images that the model knows.",
)
UPSIDE_DOWN = Objection(RefusalReason.UNLIKE_TRAINING_IMAGES, "The image seems to be upside down.")
OBJECTIONS = (TOO_SMALL, TOO_LARGE, NO_CONTRAST, POOR_COVERAGE, SATURATED, UNFAMILIAR, UPSIDE_DOWN)

_SAMPLES_A_SIDE = 128


@dataclass(frozen=True, slots=True)
class InputLimits:
    """What a picture must have, from the bundle's ``input_limits``.

    Attributes:
        min_rows, min_columns: least size in pixels.
        max_pixels: largest Rows x Columns.
        min_coverage: least part of the picture, 0 to 1, that was scanned.
        min_contrast: least distance, 0 to 1, between the 2nd and 98th percentile of the grey values.
        max_saturated: largest part of the scan, 0 to 1, that may be white without detail.
    """

    min_rows: int
    min_columns: int
    max_pixels: int
    min_coverage: float
    min_contrast: float
    max_saturated: float


def check_picture(image: GreyImage, limits: InputLimits) -> Objection | None:
    """What speaks against preprocessing a picture."""
    if image.rows < limits.min_rows or image.columns < limits.min_columns:
        return TOO_SMALL
    if image.rows * image.columns > limits.max_pixels:
        return TOO_LARGE
    if contrast(image.pixels) < limits.min_contrast:
        return NO_CONTRAST
    return None


def check_scan(scan: np.ndarray, coverage: float, saturated: float, limits: InputLimits) -> Objection | None:
    """What speaks against reading the scanned area of a picture, ``scan``.

    Args:
        scan: the analysed crop.
        coverage: part of the picture that was scanned.
        saturated: part of the scan that is white without detail.
        limits: the bundle's.
    """
    if coverage < limits.min_coverage:
        return POOR_COVERAGE
    if contrast(scan) < limits.min_contrast:
        return NO_CONTRAST
    return SATURATED if saturated > limits.max_saturated else None


def contrast(grey: np.ndarray) -> float:
    """Distance between the 2nd and 98th percentile, on a grid of at most 128 x 128 samples; 0 if not finite."""
    row_step, column_step = (max(1, size // _SAMPLES_A_SIDE) for size in grey.shape[-2:])
    low, high = np.percentile(grey[..., ::row_step, ::column_step], (2, 98))
    return float(high - low) if np.isfinite(high - low) else 0.0
