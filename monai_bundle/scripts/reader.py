"""Loading a DICOM file as grey with MONAI's dictionary transforms.

MONAI's own ``LoadImaged`` tries its other readers where the wanted one fails, and they swap rows and columns
and know no photometric interpretation; a picture must never come out on its side or inverted, so this fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform

from scripts.rendering import render, spacing_mm

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

SPACING_MM = "spacing_mm"
"""Meta key: distance between rows and between columns in mm; absent where unknown."""


class LoadGreyd(MapTransform):
    """Replaces a path by its first frame: a `MetaTensor` 1 x rows x columns of float32 in 0 to 1."""

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """A copy of the item with each key's image replaced."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = load_grey(Path(item[key]))
        return item


def load_grey(path: Path) -> MetaTensor:
    """The file's first frame; its meta holds ``filename_or_obj`` and, where known, ``spacing_mm``."""
    ds = pydicom.dcmread(path)
    meta: dict[str, Any] = {"filename_or_obj": str(path)}
    spacing = spacing_mm(ds)
    if spacing is not None:
        meta[SPACING_MM] = spacing
    return MetaTensor(torch.from_numpy(render(ds))[None], meta=meta)
