"""Small changes to training pictures, made for a whole batch at once where the network is.

One picture at a time on the CPU, they were what a GPU waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from monai.engines.utils import default_prepare_batch
from torch.nn.functional import affine_grid, grid_sample


@dataclass(frozen=True)
class Augmentation:
    """What may happen to a picture; each picture of a batch draws for itself, from PyTorch's random stream.

    Attributes:
        flipped: probability of left and right changing places.
        moved: probability of being turned, scaled and shifted about the middle, evenly within the limits below;
            what comes in from outside is 0.
        rotation: most that a picture is turned, in radians.
        scale: most that rows, and independently columns, are stretched or shrunk, as a part of 1.
        shift: most that it is shifted along rows and along columns, in pixels.
        noisy: probability of Gaussian noise.
        noise: largest standard deviation of the noise; each picture's is drawn evenly from 0 to this.
    """

    flipped: float
    moved: float
    rotation: float
    scale: float
    shift: float
    noisy: float
    noise: float

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Changed pictures of the same shape, (batch, channels, rows, columns).

        Everything is drawn on their device: a draw that came from the CPU would make it wait.
        """
        grid = affine_grid(self._moves(images), list(images.shape), align_corners=False)
        changed = grid_sample(images, grid, align_corners=False)
        deviations = self.noise * _evenly(images, low=0) * _happens(self.noisy, images)
        return changed + torch.randn_like(images) * deviations[:, None, None, None]

    def prepare_batch(self, *loaded: Any, **to: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """What an engine of MONAI trains with: a loaded batch on its device, its pictures changed."""
        images, labels = default_prepare_batch(*loaded, **to)
        return self(images), labels

    def _moves(self, images: torch.Tensor) -> torch.Tensor:
        """Where each changed picture takes its pixels from: matrices of shape (batch, 2, 3).

        They hold for (column, row), each of which goes from -1 to 1 over the picture.
        """
        height, width = images.shape[2:]
        moved = _happens(self.moved, images)
        angle = self.rotation * _evenly(images) * moved
        rows, columns = (1 + self.scale * _evenly(images) * moved for _ in range(2))
        down, right = (self.shift * _evenly(images) * moved for _ in range(2))
        mirror = 1 - 2 * _happens(self.flipped, images)
        cosine, sine = angle.cos(), angle.sin()
        return torch.stack(
            [
                torch.stack([columns * cosine * mirror, rows * sine * height / width, right * 2 / width], dim=1),
                torch.stack([-columns * sine * mirror * width / height, rows * cosine, down * 2 / height], dim=1),
            ],
            dim=1,
        )


def _happens(probability: float, images: torch.Tensor) -> torch.Tensor:
    """1 for each picture to which it happens, 0 for the others."""
    return (_evenly(images, low=0) < probability).to(images)


def _evenly(images: torch.Tensor, low: float = -1) -> torch.Tensor:
    """A number from ``low`` to 1 for each picture."""
    return torch.empty(len(images), dtype=images.dtype, device=images.device).uniform_(low, 1)
