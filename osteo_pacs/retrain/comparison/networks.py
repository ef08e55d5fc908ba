"""The five networks of the comparison, for one channel and two classes; each gives logits.

ResNet-50 is MONAI's, with the stride of 2 in its first layer that He et al. (2016) gave it and MONAI's default has
not; VGG and InceptionV3 are pytorchcv's, with adaptive pooling before the classifier, so that they take pictures
of any size from 75 x 75 on.
"""

from __future__ import annotations

import copy
import hashlib
import io
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from monai.networks.nets.resnet import resnet50
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from osteo_pacs.errors import PermanentError

TITLES = {
    "cnn21": "21-layer CNN",
    "resnet50": "ResNet-50",
    "vgg16": "VGG-16",
    "vgg19": "VGG-19",
    "inceptionv3": "InceptionV3",
}
"""Names on the command line, and in the table."""

SMALLEST = 75
"""Rows and columns below which InceptionV3 has nothing left to pool."""

_SIMILAR = 0.9


class NetworkMissing(PermanentError):
    """A package that holds this network is not installed."""

    remedy = "Install it without its requirements: `python -m pip install --no-deps pytorchcv==0.0.74`."


class WeightsUnfit(PermanentError):
    """The pre-trained weights do not fit the network."""

    remedy = "Give a state dict of the same network, from torchvision (ResNet-50) or pytorchcv (the others)."


def build(name: str, cnn: nn.Sequential) -> nn.Module:
    """A network with new weights, drawn from torch's random state; ``cnn`` is the bundle's, with its softmax last.

    Raises:
        NetworkMissing: pytorchcv is not installed.
    """
    if name == "cnn21":
        return untrained(cnn)[:-1]
    if name == "resnet50":
        return _resnet()
    try:
        return _from_pytorchcv(name)
    except ImportError as error:
        raise NetworkMissing(f"{TITLES[name]}: {error}"[:120]) from error


def untrained(network: nn.Sequential) -> nn.Sequential:
    """A copy with new weights that can be trained."""
    fresh = copy.deepcopy(network).requires_grad_(requires_grad=True)
    for module in fresh.modules():
        reset = getattr(module, "reset_parameters", None)
        if reset is not None:
            reset()
    return fresh


def parameters_of(network: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in network.parameters())


def version_of_pytorchcv() -> dict[str, str]:
    """By its name; nothing where it is not installed."""
    try:
        return {"pytorchcv": version("pytorchcv")}
    except PackageNotFoundError:
        return {}


def weights_sha256(file: Path) -> str:
    """The digest of a file of pre-trained weights, hexadecimal.

    Raises:
        WeightsUnfit: it cannot be read.
    """
    return hashlib.sha256(_read(file)).hexdigest()


def take_weights(network: nn.Module, file: Path) -> None:
    """Loads pre-trained weights, but for the classifier.

    Filters of three colours are added up for one channel of grey.

    Raises:
        WeightsUnfit: less than nine in ten of the network's other tensors are there.
    """
    given = _state(file)
    own = network.state_dict()
    *body, _, _ = [name for name in own if not name.endswith("num_batches_tracked")]
    fitting = {name: tensor for name in body if (tensor := _fitted(given.get(name), own[name])) is not None}
    if len(fitting) < _SIMILAR * len(body):
        raise WeightsUnfit(f"{file.name} has {len(fitting)} of {len(body)} tensors")
    network.load_state_dict(fitting, strict=False)


def _resnet() -> nn.Module:
    network: nn.Module = resnet50(spatial_dims=2, n_input_channels=1, num_classes=2, conv1_t_stride=2)
    return network


def _from_pytorchcv(name: str) -> nn.Module:
    from pytorchcv.models import inceptionv3, vgg

    builders: dict[str, Any] = {"vgg16": vgg.vgg16, "vgg19": vgg.vgg19, "inceptionv3": inceptionv3.inceptionv3}
    built = builders[name](in_channels=1, num_classes=2)
    # pytorchcv flattens with a view, which needs the channels first.
    built.features.final_pool = nn.Sequential(
        nn.AdaptiveAvgPool2d(1 if name == "inceptionv3" else 7), nn.Flatten()
    )
    network: nn.Module = built
    return network


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise WeightsUnfit(f"{file} cannot be read ({error.strerror})") from error


def _state(file: Path) -> Mapping[str, Tensor]:
    content = _read(file)
    try:
        if file.suffix == ".safetensors":
            return dict(load_safetensors(content))
        return dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
    except Exception as error:
        raise WeightsUnfit(f"{file.name} is no state dict ({type(error).__name__})") from error


def _fitted(given: Tensor | None, own: Tensor) -> Tensor | None:
    if given is None:
        return None
    is_coloured = given.ndim == own.ndim == 4 and given.shape[1] == 3 and own.shape[1] == 1  # noqa: PLR2004 - RGB
    tensor = given.sum(dim=1, keepdim=True) if is_coloured else given
    return tensor if tensor.shape == own.shape else None
