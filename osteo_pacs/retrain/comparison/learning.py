"""Training a network on a few pictures, and reading others with it: plain, seeded, the same for every network."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

Augment = Callable[[Tensor], Tensor]
"""Changes a batch of pictures by PyTorch's random stream; the shape stays."""


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
    """How every network is trained: the budget, the augmentation, and the device that both run on."""

    budget: Budget
    augment: Augment
    device: torch.device


def train(networks: Sequence[nn.Module], part: Pictures, course: Course, seed: int) -> list[float]:
    """Trains in place, all networks side by side on the same batches; returns the seconds of each.

    Class weights balance the loss. Pictures, what is changed in them and their order follow from ``seed`` and the
    step alone; so do the units that are dropped, and a network's result does not depend on its companions.
    """
    learners = [_Learner(network, part, course) for network in networks]
    turns = _turns(part, course.budget, seed)
    steps_an_epoch = len(turns) // course.budget.epochs
    for step, places in enumerate(turns, start=1):
        batch = part.take(places)
        images, labels = batch.images.to(course.device), batch.labels.to(course.device)
        torch.manual_seed(_chance(seed, step, "pictures"))
        images = shrink(course.augment(images), course.budget.size)
        _wait(course.device)
        for learner in learners:
            torch.manual_seed(_chance(seed, step, "units"))
            learner.step(images, labels)
            if step % steps_an_epoch == 0:
                learner.schedule.step()
    return [learner.seconds for learner in learners]


class _Learner:
    """A network with its optimizer."""

    def __init__(self, network: nn.Module, part: Pictures, course: Course) -> None:
        budget, self._device = course.budget, course.device
        self.network = placed(network, self._device).train()
        counts = torch.bincount(part.labels, minlength=2).clamp(min=1)
        self._weight = (len(part) / (2 * counts)).to(self._device)
        self._optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=budget.learning_rate,
            weight_decay=0.01,
            fused=self._device.type in {"cpu", "cuda"},
        )
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, budget.epochs)
        self.seconds = 0.0

    def step(self, images: Tensor, labels: Tensor) -> None:
        """One step down the gradient of a batch."""
        started = time.monotonic()
        with mixed_precision(self._device):
            logits = self.network(images)
        loss = cross_entropy(logits.float(), labels, weight=self._weight)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._optimizer.step()
        _wait(self._device)
        self.seconds += time.monotonic() - started


def placed(network: nn.Module, device: torch.device) -> nn.Module:
    """The network itself, on the device, its filters channels last: so convolutions run fastest on both."""
    moved: nn.Module = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # untyped
    return moved


def mixed_precision(device: torch.device) -> torch.autocast:
    """bfloat16 where the device has instructions for it, else float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device))


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16; elsewhere it is emulated, and slow."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@torch.inference_mode()
def probabilities(network: nn.Module, part: Pictures, course: Course) -> Tensor:
    """The probability of the positive class, float64 of shape (pictures,)."""
    placed(network, course.device).eval()
    batches = shrink(part.images, course.budget.size).split(course.budget.batch_size)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    with mixed_precision(course.device):
        logits = torch.cat([network(batch.to(course.device)).cpu() for batch in batches])
    return logits.double().softmax(dim=1)[:, 1]


@torch.inference_mode()
def milliseconds(network: nn.Module, picture: Tensor, course: Course) -> float:
    """Median time for one picture by itself, in eager PyTorch."""
    placed(network, course.device).eval()
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


def _turns(part: Pictures, budget: Budget, seed: int) -> list[Tensor]:
    """The batches of every epoch; a last picture by itself is left out, because batch normalisation needs two."""
    return [
        places
        for epoch in range(budget.epochs)
        for places in _order(part, seed * 1000 + epoch).split(budget.batch_size)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        if len(places) > 1
    ]


def _chance(seed: int, step: int, drawn: Literal["pictures", "units"]) -> int:
    """What PyTorch's random stream begins with before a step's pictures are changed, or its units dropped."""
    return 2 * (seed * 1_000_000 + step) + (drawn == "units")


def _wait(device: torch.device) -> None:
    """Until what was asked of the device is done, so that a clock tells its time."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _order(part: Pictures, seed: int) -> Tensor:
    return torch.randperm(len(part), generator=torch.Generator().manual_seed(seed))
