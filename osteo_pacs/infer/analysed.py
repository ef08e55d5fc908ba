"""What the model is shown of a picture: the crop that is analysed, and the network's input made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from monai.data.meta_tensor import MetaTensor
from monai.transforms.compose import Compose

from osteo_pacs.findings import Region
from osteo_pacs.images import GreyImage

IMAGE = "image"
_REGION = "region"
_MARGIN = 4


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """One picture as the model is shown it.

    Attributes:
        scan: float32, rows x columns of the crop, 0 to 1; what lies outside the scanned area is 0.
        region: where the crop lies in the picture.
        network_input: float32, channels x rows x columns.
        margin: pixels beside what lies outside that the bundle takes as outside, too.
    """

    scan: npt.NDArray[np.float32]
    region: Region
    network_input: npt.NDArray[np.float32]
    margin: int


def analyse(prepare: Compose, image: GreyImage) -> Analysed:
    """Takes a picture through the bundle's preprocessing, and keeps the crop on the way."""
    meta = {} if image.spacing_mm is None else {"spacing_mm": image.spacing_mm}
    item: Any = {IMAGE: MetaTensor(torch.as_tensor(image.pixels, dtype=torch.float32)[None], meta=meta)}
    steps: Sequence[Any] = prepare.transforms
    scan, margin = item[IMAGE], _MARGIN
    for step in steps:
        is_before = _REGION not in item[IMAGE].meta
        item = step(item)
        if is_before and _REGION in item[IMAGE].meta:
            scan, margin = item[IMAGE], int(getattr(step, "margin", _MARGIN))
    region = Region(*scan.meta[_REGION])
    return Analysed(scan.as_tensor()[0].numpy(), region, item[IMAGE].as_tensor().numpy(), margin)
