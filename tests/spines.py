"""Simulated pictures as the model takes them, with the spacing that the bundle knows of their scanner."""

from __future__ import annotations

import numpy as np

from osteo_pacs.images import GreyImage
from osteo_pacs.phantom import ScannerStyle

SQUARED_PRODIGY_ROWS = 286


def grey(pixels: np.ndarray, scanner: ScannerStyle) -> GreyImage:
    """A picture of bytes as grey."""
    is_sampled = scanner is ScannerStyle.GE_PRODIGY and pixels.shape[0] < SQUARED_PRODIGY_ROWS
    return GreyImage(pixels.astype(np.float32) / np.float32(255), (1.05, 0.60) if is_sampled else None)
