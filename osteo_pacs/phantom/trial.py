"""The simulated spine with which a model is tried before it reads for anybody."""

from __future__ import annotations

import numpy as np

from osteo_pacs.images import GreyImage
from osteo_pacs.phantom.sampling import spine_image

TRIAL_PHANTOM = 1


def trial_image() -> GreyImage:
    """An AP spine, the same every time."""
    pixels, _ = spine_image(TRIAL_PHANTOM)
    return GreyImage(pixels.astype(np.float32) / np.float32(255))
