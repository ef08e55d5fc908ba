"""Which regions of a picture drove its score: Grad-CAM (Selvaraju et al. 2017) by MONAI, in source pixels.

What is explained is the log-odds of the positive class, because the probability itself is flat where the network
is sure. Only what lies above the last block of convolutions is differentiated; the rest runs forward alone.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from itertools import takewhile

import torch
from monai.data.meta_tensor import MetaTensor
from monai.visualize.class_activation_maps import GradCAM
from torch.nn.functional import interpolate

from osteo_pacs.findings import Region
from osteo_pacs.images import GreyImage, HeatMap
from osteo_pacs.infer.predict import IMAGE, DeviceOutOfMemory, DevicePoisoned, Model


class Explainer:
    """Explains the predictions of one model; prepared once, and without effect on how the model predicts."""

    def __init__(self, model: Model) -> None:
        self._prepare = model.prepare
        self._body, head, layer = _split(model.network)
        self._device = next(model.network.parameters()).device
        self._cam = GradCAM(
            nn_module=torch.nn.Sequential(OrderedDict(head=head, odds=_LogOdds())),
            target_layers=f"head.{layer}",
            # Grad-CAM would scale its map to the input of the head; the whole way to the source is gone below.
            upsampler=lambda _size: torch.nn.Identity(),
            postprocessing=torch.nn.Identity(),
        )

    def explain(self, images: Sequence[GreyImage], are_positive: Sequence[bool]) -> list[HeatMap]:
        """What spoke for the result of each image: for the positive class where it is positive, else against it.

        Args:
            images: as they were predicted, each with an analysed crop.
            are_positive: the result of each.

        Raises:
            DeviceOutOfMemory: the images do not fit.
            DevicePoisoned: the process has to exit.
        """
        prepared = [self._prepare({IMAGE: _with_spacing(image)})[IMAGE] for image in images]
        try:
            with torch.no_grad():
                maps = self._body(torch.stack([item.as_tensor() for item in prepared]).to(self._device))
            heats = [
                self._heat(each[None], int(is_positive))
                for each, is_positive in zip(maps, are_positive, strict=True)
            ]
        except torch.OutOfMemoryError as error:
            raise DeviceOutOfMemory(f"explanation of {len(images)}") from error
        except RuntimeError as error:
            raise DevicePoisoned(type(error).__name__) from error
        return [_in_source_pixels(heat, item) for heat, item in zip(heats, prepared, strict=True)]

    def _heat(self, maps: torch.Tensor, class_index: int) -> torch.Tensor:
        heat: torch.Tensor = self._cam(x=maps.detach().requires_grad_(), class_idx=class_index)
        return heat.detach().float().cpu()


class _LogOdds(torch.nn.Module):
    """The log-odds against and for the positive class, from the two classes' probabilities."""

    def forward(self, probabilities: torch.Tensor) -> torch.Tensor:
        """Batch x 2."""
        log = probabilities.clamp_min(torch.finfo(torch.float32).tiny).log()
        return log - log.flip(1)


def _split(network: torch.nn.Sequential) -> tuple[torch.nn.Sequential, torch.nn.Sequential, str]:
    """The network below the end of its last block of convolutions, the rest, and the name of the block's end.

    The rest is a copy: Grad-CAM's hooks stay on it, and the model predicts undisturbed.
    """
    layers = list(network.named_children())
    last = max(place for place, (_, layer) in enumerate(layers) if isinstance(layer, torch.nn.Conv2d))
    block = list(takewhile(lambda named: "Pool" not in type(named[1]).__name__, layers[last:]))
    end = last + len(block) - 1
    head = copy.deepcopy(torch.nn.Sequential(OrderedDict(layers[end:])))
    return torch.nn.Sequential(OrderedDict(layers[:end])), head, layers[end][0]


def _with_spacing(image: GreyImage) -> MetaTensor:
    meta = {} if image.spacing_mm is None else {"spacing_mm": image.spacing_mm}
    return MetaTensor(torch.as_tensor(image.pixels, dtype=torch.float32)[None], meta=meta)


def _in_source_pixels(heat: torch.Tensor, prepared: MetaTensor) -> HeatMap:
    """A map of the network's square, 1 x 1 x any size, as one of the crop that was fitted into it."""
    rows, columns = prepared.shape[-2:]
    left, top, right, bottom = prepared.meta["place"]
    region = Region(*prepared.meta["region"])
    square = torch.cat((_scaled(heat, rows, columns), prepared.as_tensor()[None]))[..., top:bottom, left:right]
    crop, seen = _scaled(square, region.bottom - region.top, region.right - region.left)[:, 0]
    peak = crop.max()
    return HeatMap((crop / peak if peak > 0 else crop).numpy(), seen.numpy())


def _scaled(maps: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    return interpolate(maps, (rows, columns), mode="bilinear", align_corners=False)
