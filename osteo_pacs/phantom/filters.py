"""What is done to whole planes: noise, interpolation, point spread, colour to grey."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from osteo_pacs.phantom.grid import Plane

_COLOUR_DIMENSIONS = 3
_STEPS_PER_UNIT = 40.0


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int]) -> Plane:
    """Random hills of about unit height on a plane of ``shape``, ``cells`` of them down and across."""
    coarse = rng.standard_normal((max(cells[0], 2), max(cells[1], 2)), dtype=np.float32)
    # Eight bits are fine enough for hills, and interpolate several times faster than floats.
    steps = np.clip(coarse * np.float32(_STEPS_PER_UNIT) + np.float32(128), 0, 255).astype(np.uint8)
    hills = enlarge(steps, *shape).astype(np.float32)
    hills -= np.float32(128)
    hills *= np.float32(1 / _STEPS_PER_UNIT)
    return hills


def enlarge(grey: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """The picture on another number of pixels, by cubic interpolation."""
    if grey.shape == (rows, columns):
        return grey
    return np.array(Image.fromarray(grey).resize((columns, rows), Image.Resampling.BICUBIC))


def blur(plane: Plane, row_sigma: float, column_sigma: float) -> Plane:
    """The plane after a point spread given in samples."""
    return _blur_rows(_blur_rows(plane, row_sigma).T, column_sigma).T


def _blur_rows(plane: Plane, sigma: float) -> Plane:
    """Convolves down the rows with five taps, enough for a sigma up to 1.5 samples."""
    taps = np.exp(-0.5 * np.square(np.arange(3) / max(sigma, 1e-3)))
    centre, near, far = (taps / (taps[0] + 2 * taps[1] + 2 * taps[2])).astype(np.float32)
    padded = np.pad(plane, ((2, 2), (0, 0)), mode="edge")
    result: Plane = padded[2:-2] * centre
    result += (padded[1:-3] + padded[3:-1]) * near
    result += (padded[:-4] + padded[4:]) * far
    return result


def to_grey(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A colour picture's luminance; a grey one as it is."""
    is_colour = picture.ndim == _COLOUR_DIMENSIONS
    return np.asarray(Image.fromarray(picture).convert("L")) if is_colour else picture
