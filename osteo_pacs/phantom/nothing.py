"""Pictures of nothing: noise, a bare table, stripes, clouds, a single grey."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from osteo_pacs.phantom.filters import smooth_noise
from osteo_pacs.phantom.grid import Plane


def noise_picture(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """One of the sorts, of a size that a scan could have."""
    shape = (int(rng.integers(230, 790)), int(rng.integers(220, 720)))
    sorts = (_white_noise, _bare_table, _stripes, _clouds, _single_grey)
    grey = sorts[int(rng.integers(len(sorts)))](rng, shape)
    pixels: npt.NDArray[np.uint8] = np.clip(grey, 0, 255).astype(np.uint8)
    return pixels


def _white_noise(rng: np.random.Generator, shape: tuple[int, int]) -> Plane:
    return 128 + 60 * rng.standard_normal(shape, dtype=np.float32)


def _bare_table(rng: np.random.Generator, shape: tuple[int, int]) -> Plane:
    return 20 + 8 * rng.standard_normal(shape, dtype=np.float32)


def _stripes(rng: np.random.Generator, shape: tuple[int, int]) -> Plane:
    wave = np.sin(np.arange(shape[0], dtype=np.float32) * np.float32(rng.uniform(0.05, 0.6)))
    grey: Plane = 110 + 80 * wave[:, None] + 10 * rng.standard_normal(shape, dtype=np.float32)
    return grey


def _clouds(rng: np.random.Generator, shape: tuple[int, int]) -> Plane:
    cells = int(rng.integers(4, 16))
    return 120 + 55 * smooth_noise(rng, shape, (cells, cells)) + 6 * rng.standard_normal(shape, dtype=np.float32)


def _single_grey(rng: np.random.Generator, shape: tuple[int, int]) -> Plane:
    return np.full(shape, float(rng.integers(0, 256)), np.float32)
