"""Is this a picture that the model may read? Size, contrast and coverage, with the bundle's thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteo_pacs.findings import RefusalReason
from osteo_pacs.images import GreyImage

SENTENCES = {
    RefusalReason.IMAGE_TOO_SMALL: "The image has too few pixels to be read.",
    RefusalReason.IMAGE_TOO_LARGE: "The image has more pixels than a spine DXA image can have.",
    RefusalReason.NO_CONTRAST: "The image shows no contrast between bone and soft tissue.",
    RefusalReason.POOR_COVERAGE: "Too little of the image was scanned.",
    RefusalReason.UNLIKE_TRAINING_IMAGES: "The image is unlike the AP lumbar spine images that the model knows.",
}
"""What the radiologist reads."""

_SAMPLES_A_SIDE = 128


@dataclass(frozen=True, slots=True)
class InputLimits:
    """What a picture must have, from the bundle's ``input_limits``.

    Attributes:
        min_rows, min_columns: least size in pixels.
        max_pixels: largest Rows x Columns.
        min_coverage: least part of the picture, 0 to 1, that was scanned.
        min_contrast: least distance, 0 to 1, between the 2nd and 98th percentile of the grey values.
    """

    min_rows: int
    min_columns: int
    max_pixels: int
    min_coverage: float
    min_contrast: float


def check_picture(image: GreyImage, limits: InputLimits) -> RefusalReason | None:
    """Why a picture must not be preprocessed, or None."""
    if image.rows < limits.min_rows or image.columns < limits.min_columns:
        return RefusalReason.IMAGE_TOO_SMALL
    if image.rows * image.columns > limits.max_pixels:
        return RefusalReason.IMAGE_TOO_LARGE
    if contrast(image.pixels) < limits.min_contrast:
        return RefusalReason.NO_CONTRAST
    return None


def check_scan(scan: np.ndarray, coverage: float, limits: InputLimits) -> RefusalReason | None:
    """Why the scanned area of a picture must not be read, or None."""
    if coverage < limits.min_coverage:
        return RefusalReason.POOR_COVERAGE
    if contrast(scan) < limits.min_contrast:
        return RefusalReason.NO_CONTRAST
    return None


def contrast(grey: np.ndarray) -> float:
    """Distance between the 2nd and 98th percentile, on a grid of at most 128 x 128 samples; 0 if not finite."""
    row_step, column_step = (max(1, size // _SAMPLES_A_SIDE) for size in grey.shape[-2:])
    low, high = np.percentile(grey[..., ::row_step, ::column_step], (2, 98))
    return float(high - low) if np.isfinite(high - low) else 0.0
