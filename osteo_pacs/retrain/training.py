"""Training a network on a few pictures, and reading others with it: plain, seeded, the same for every network."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate


class Augment(Protocol):
    """MONAI's transforms over dictionaries; `set_random_state` makes them repeatable."""

    def __call__(self, item: dict[str, Any], /) -> Any:
        """The item with its ``image`` changed at random."""
        ...

    def set_random_state(self, seed: int) -> Any:
        """Begins the random stream anew."""
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """What every network gets.

    Attributes:
        size: rows and columns of the pictures that networks see.
        epochs: passes over the training part; the rate follows a half cosine down to nothing.
        batch_size: pictures a step.
        learning_rate: of AdamW, at its start.
    """

    size: int = 224
    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 3e-4


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Prepared pictures, float32 of shape (pictures, 1, rows, columns), and labels 0 or 1."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: Tensor) -> Pictures:
        """Some of them."""
        return Pictures(self.images[places], self.labels[places])


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How every network is trained: the budget, the augmentation, and the device that it runs on."""

    budget: Budget
    augment: Augment
    device: torch.device


def train(network: nn.Module, part: Pictures, course: Course, seed: int) -> float:
    """Trains in place; returns the seconds that it took.

    Class weights balance the loss. Pictures and their order follow from ``seed`` and the epoch alone, so that
    every network sees the same.
    """
    budget, device = course.budget, course.device
    started = time.monotonic()
    network.to(device).train()
    counts = torch.bincount(part.labels, minlength=2).clamp(min=1)
    weight = (len(part) / (2 * counts)).to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=budget.learning_rate, weight_decay=0.01, fused=device.type in {"cpu", "cuda"}
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, budget.epochs)
    for epoch in range(budget.epochs):
        for images, labels in _batches(part, course, seed * 1000 + epoch):
            loss = cross_entropy(network(images.to(device)), labels.to(device), weight=weight)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
        schedule.step()
    return time.monotonic() - started


@torch.inference_mode()
def probabilities(network: nn.Module, part: Pictures, course: Course) -> Tensor:
    """The probability of the positive class, float64 of shape (pictures,)."""
    network.to(course.device).eval()
    batches = shrink(part.images, course.budget.size).split(course.budget.batch_size)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    logits = torch.cat([network(batch.to(course.device)).cpu() for batch in batches])
    return logits.double().softmax(dim=1)[:, 1]


@torch.inference_mode()
def milliseconds(network: nn.Module, picture: Tensor, course: Course) -> float:
    """Median time for one picture by itself, in eager PyTorch."""
    network.to(course.device).eval()
    batch = shrink(picture[None], course.budget.size).to(course.device)
    times = []
    for _ in range(6):
        started = time.perf_counter()
        network(batch).sum().item()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times[1:])


def standardised(part: Pictures, by: Pictures) -> Pictures:
    """With the mean and the standard deviation of ``by`` made 0 and 1."""
    scale = by.images.std().clamp(min=1e-6)
    return Pictures((part.images - by.images.mean()) / scale, part.labels)


def shrink(images: Tensor, size: int) -> Tensor:
    """To ``size`` x ``size``, without aliasing."""
    if images.shape[-1] == size:
        return images
    return interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)


def _batches(part: Pictures, course: Course, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch; a last picture by itself is left out, because batch normalisation needs two."""
    order = torch.randperm(len(part), generator=torch.Generator().manual_seed(seed))
    course.augment.set_random_state(seed)
    for places in order.split(course.budget.batch_size):  # type: ignore[no-untyped-call]  # torch leaves it untyped
        if len(places) > 1:
            changed = [course.augment({"image": part.images[place]})["image"] for place in places]
            images = torch.stack([torch.as_tensor(image) for image in changed])
            yield shrink(images, course.budget.size), part.labels[places]
