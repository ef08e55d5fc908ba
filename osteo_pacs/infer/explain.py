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
from osteo_pacs.infer.predict import IMAGE, Model, run_with_retry
from osteo_pacs.infer.runtimes import Readout, fastest


class Explainer:
    """Explains the predictions of one model; prepared once, and without effect on how the model predicts.

    Args:
        model: what predicted.
        threads: CPU threads for the part that runs forward alone.
    """

    def __init__(self, model: Model, threads: int = 1) -> None:
        self._prepare = model.prepare
        layers, end = list(model.network.named_children()), _end_of_convolutions(model.network)
        body = Readout(torch.nn.Sequential(OrderedDict(layers[:end])), {layers[end - 1][0]: 1})
        self._body = fastest(body, next(model.network.parameters()).device, model.shape, threads)
        # A copy: Grad-CAM's hooks stay on it, and the model predicts undisturbed.
        head = copy.deepcopy(torch.nn.Sequential(OrderedDict(layers[end:]))).cpu()
        self._cam = GradCAM(
            nn_module=torch.nn.Sequential(OrderedDict(head=head, odds=_LogOdds())),
            target_layers=f"head.{layers[end][0]}",
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
        maps, _ = run_with_retry(self._body, torch.stack([item.as_tensor() for item in prepared]))
        heats = map(self._heat, maps, are_positive)
        return [_in_source_pixels(heat, item) for heat, item in zip(heats, prepared, strict=True)]

    def _heat(self, maps: torch.Tensor, is_positive: bool) -> torch.Tensor:  # noqa: FBT001 - one of two classes
        heat: torch.Tensor = self._cam(x=maps[None].clone().requires_grad_(), class_idx=int(is_positive))
        return heat.detach()


class _LogOdds(torch.nn.Module):
    """The log-odds against and for the positive class, from the two classes' probabilities."""

    def forward(self, probabilities: torch.Tensor) -> torch.Tensor:
        """Batch x 2."""
        log = probabilities.clamp_min(torch.finfo(torch.float32).tiny).log()
        return log - log.flip(1)


def _end_of_convolutions(network: torch.nn.Sequential) -> int:
    """The place of the last layer before what the last convolution gives is pooled."""
    layers = list(network.children())
    last = max(place for place, layer in enumerate(layers) if isinstance(layer, torch.nn.Conv2d))
    block = takewhile(lambda layer: "Pool" not in type(layer).__name__, layers[last:])
    return last + len(list(block)) - 1


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
