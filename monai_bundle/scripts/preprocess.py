"""From a grey picture to the network's square: the scan without its surroundings, in true proportion.

Every item keeps the crop that was analysed in source pixels, because the report draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform
from torch.nn.functional import interpolate, pad

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

REGION = "region"
"""Meta key: the analysed crop in source pixels, (left, top, right, bottom), right and bottom just outside."""

PLACE = "place"
"""Meta key: where the crop lies in the square, (left, top, right, bottom), right and bottom just outside."""

COVERAGE = "coverage"
"""Meta key: the part of the picture, 0 to 1, that was scanned."""

SATURATED = "saturated"
"""Meta key: the part of the crop, 0 to 1, that was scanned and is white without detail."""


class CropToScand(MapTransform):
    """Blackens what lies outside the scanned area, and crops to the scan.

    Outside the scan pictures are saturated white with a staircase edge, or black. So a pixel lies outside when a
    straight way along its row or column to the border meets nothing but saturated or nothing but black pixels.
    What lies next to such a pixel is blackened with it: JPEG rings there, for half of its block of 8 x 8.

    Args:
        keys: the items to crop, each 1 x rows x columns.
        white: grey from which a pixel counts as saturated; lossy compression moves it by some levels.
        black: grey up to which a pixel counts as empty.
        margin: how many pixels beside the edge are taken as outside too.
        filled: part of a row or column that has to be scanned for it to belong to the crop.
    """

    def __init__(
        self, keys: Any, white: float = 0.96, black: float = 0.004, margin: int = 4, filled: float = 0.05
    ) -> None:
        super().__init__(keys)
        self.white, self.black, self.margin, self.filled = white, black, margin, filled

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """A copy of the item with each key's image replaced."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self._crop(item[key])
        return item

    def _crop(self, image: torch.Tensor) -> MetaTensor:
        grey = image[0].numpy()
        outside = reaches_border(grey >= self.white) | reaches_border(grey <= self.black)
        outside = grown(outside, self.margin)
        left, top, right, bottom = region_of(~outside, self.filled)
        crop = np.s_[top:bottom, left:right]
        scan = np.where(outside[crop], np.float32(0), grey[crop])
        meta = dict(image.meta) if isinstance(image, MetaTensor) else {}
        meta[REGION] = (left, top, right, bottom)
        meta[COVERAGE] = 1 - np.count_nonzero(outside) / outside.size
        meta[SATURATED] = np.count_nonzero(scan >= self.white) / scan.size
        return MetaTensor(torch.from_numpy(scan)[None], meta=meta)


def reaches_border(mask: np.ndarray) -> np.ndarray:
    """Where a run of True along the row or the column reaches the picture's border."""
    if not any(line.any() for line in (mask[0], mask[-1], mask[:, 0], mask[:, -1])):
        return np.zeros_like(mask)
    reached = _runs_from_ends(mask)
    reached |= _runs_from_ends(np.ascontiguousarray(mask.T)).T
    return reached


def _runs_from_ends(mask: np.ndarray) -> np.ndarray:
    """Where a run of True reaches the left or the right end of its row."""
    length = mask.shape[1]
    has_end = ~mask.all(axis=1)
    first = np.where(has_end, mask.argmin(axis=1), length).astype(np.int32)[:, None]
    last = np.where(has_end, length - mask[:, ::-1].argmin(axis=1), 0).astype(np.int32)[:, None]
    place = np.arange(length, dtype=np.int32)
    outside = place < first
    outside |= place >= last
    return outside


def grown(mask: np.ndarray, margin: int) -> np.ndarray:
    """Where a True lies at most ``margin`` rows and columns away."""
    if not mask.any():
        return mask
    for _ in range(2):
        wider = mask.copy()
        for step in range(1, margin + 1):
            wider[step:] |= mask[:-step]
            wider[:-step] |= mask[step:]
        mask = np.ascontiguousarray(wider.T)
    return mask


def region_of(scanned: np.ndarray, filled: float) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) around the rows and columns that are scanned; the whole picture if none is."""
    height, width = scanned.shape
    rows = np.flatnonzero(np.count_nonzero(scanned, axis=1) >= filled * width)
    columns = np.flatnonzero(np.count_nonzero(scanned, axis=0) >= filled * height)
    if not rows.size or not columns.size:
        return 0, 0, width, height
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


class FitSquared(MapTransform):
    """Scales to ``size`` x ``size`` in true proportion, by the spacing of the pixels, with black beside it.

    The item's meta may name ``spacing_mm``; without it pixels count as square.
    """

    def __init__(self, keys: Any, size: int = 224) -> None:
        super().__init__(keys)
        self.size = size

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """A copy of the item with each key's image replaced."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self._fit(item[key])
        return item

    def _fit(self, image: torch.Tensor) -> MetaTensor:
        meta = dict(image.meta) if isinstance(image, MetaTensor) else {}
        rows, columns = fitted(tuple(image.shape[1:]), meta.get("spacing_mm"), self.size)
        plain = torch.as_tensor(np.asarray(image))[None]
        scaled = interpolate(plain, (rows, columns), mode="bilinear", antialias=True, align_corners=False)[0]
        above, before = (self.size - rows) // 2, (self.size - columns) // 2
        margins = (before, self.size - columns - before, above, self.size - rows - above)
        meta[PLACE] = (before, above, before + columns, above + rows)
        return MetaTensor(pad(scaled, margins), meta=meta)


def fitted(shape: tuple[int, ...], spacing: tuple[float, float] | None, size: int) -> tuple[int, int]:
    """Rows and columns, the larger ``size``, that show ``shape`` pixels of ``spacing`` in true proportion."""
    row_mm, column_mm = spacing or (1.0, 1.0)
    height, width = shape[0] * row_mm, shape[1] * column_mm
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
