"""Small changes to training pictures, made for a whole batch at once where the network is.

One picture at a time on the CPU, they were what a GPU waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from monai.engines.utils import default_prepare_batch
from monai.networks.layers.spatial_transforms import AffineTransform

_resample = AffineTransform(normalized=True, align_corners=False)


@dataclass(frozen=True)
class Augmentation:
    """What may happen to a picture; each picture of a batch draws for itself, from PyTorch's random stream.

    Attributes:
        flipped: probability of left and right changing places.
        moved: probability of being turned, scaled and shifted about the middle, evenly within the limits below;
            what comes in from outside is 0.
        rotation: most that a picture is turned, in radian.
        scale: most that rows and, apart from them, columns are stretched or shrunk, as a part of 1.
        shift: most that it is shifted along rows and along columns, in pixels.
        noisy: probability of Gaussian noise.
        noise: largest standard deviation of the noise, whose own is drawn evenly.
    """

    flipped: float
    moved: float
    rotation: float
    scale: float
    shift: float
    noisy: float
    noise: float

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Changed pictures of the same shape, (batch, channels, rows, columns)."""
        count = len(images)
        # Drawn on the CPU, so that one seed moves pictures alike on every device.
        moves, deviations = self._moves(count), self.noise * torch.rand(count) * _happens(self.noisy, count)
        changed: torch.Tensor = _resample(images, _normalized(moves, images.shape[2:]).to(images))
        return changed + torch.randn_like(images) * deviations.to(images)[:, None, None, None]

    def prepare_batch(self, *loaded: Any, **to: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """What an engine of MONAI trains with: a loaded batch on its device, its pictures changed."""
        images, labels = default_prepare_batch(*loaded, **to)
        return self(images), labels

    def _moves(self, count: int) -> torch.Tensor:
        """Where each changed picture takes its pixels from: matrices of shape (count, 2, 3).

        They hold for (row, column) in pixels from the middle of a picture.
        """
        moved = _happens(self.moved, count)
        angle = self.rotation * _evenly(count) * moved
        rows, columns = 1 + self.scale * _evenly(2, count) * moved
        down, right = self.shift * _evenly(2, count) * moved
        mirror = 1 - 2 * _happens(self.flipped, count)
        cosine, sine = angle.cos(), angle.sin()
        return torch.stack(
            [
                torch.stack([rows * cosine, -columns * sine * mirror, down], dim=1),
                torch.stack([rows * sine, columns * cosine * mirror, right], dim=1),
            ],
            dim=1,
        )


def _normalized(moves: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """The same for coordinates that go from -1 to 1 over the picture."""
    unit = 2 / torch.tensor(size)
    return torch.cat([moves[:, :, :2] * unit[:, None] / unit, moves[:, :, 2:] * unit[:, None]], dim=2)


def _happens(probability: float, count: int) -> torch.Tensor:
    """1 where it happens, 0 elsewhere."""
    return (torch.rand(count) < probability).float()


def _evenly(*shape: int) -> torch.Tensor:
    return 2 * torch.rand(*shape) - 1
