"""Whether a training waits for its pictures: how fast it is fed and how fast it learns, apart and together.

    python benchmarks/training.py --output training.json

The bundle's own loader, its augmentation, and steps of its network on the device that it would train on. The peer
is MONAI's transforms on one picture after the other in the loader, as bundles before 0.6.0 augmented: on CUDA by a
process for each core. Rounds are interleaved.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from common import machine, options_of, progress, ratios, spread, write_report
from monai.bundle.config_parser import ConfigParser
from monai.data.dataloader import DataLoader
from monai.data.dataset import Dataset
from monai.transforms.compose import Compose
from monai.transforms.intensity.dictionary import RandGaussianNoised
from monai.transforms.spatial.dictionary import RandAffined, RandFlipd
from monai.transforms.utility.dictionary import EnsureTyped

from osteo_pacs import shipped
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import open_sealed

WARM_UP = 3


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    parser.add_argument("--batches", type=int, default=20, help="in each measurement (default 20)")
    parser.add_argument("--batch-size", type=int, help="pictures in a batch (default: the bundle's)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of PyTorch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sealed = open_sealed(shipped.BUNDLE)
    with bundle_scripts(sealed):
        config = json.loads(sealed.read("configs/train.json"))
        config["batch_size"] = options.batch_size or config["batch_size"]
        write_report(measured(Training(config, options.batches), options), options.output)


class Training:
    """What the bundle's configuration trains with, on pictures of noise."""

    def __init__(self, config: dict[str, Any], batches: int) -> None:
        self.batches, self.batch_size = batches, int(config["batch_size"])
        count = (batches + WARM_UP) * self.batch_size
        pictures = [
            {"image": torch.rand(1, 224, 224), "label": torch.tensor([n % 2, 1 - n % 2]).float()}
            for n in range(count)
        ]
        config["bundle_root"] = str(shipped.BUNDLE)
        config["train"]["prepared"] = "$pictures"
        config["loss"].pop("weight")
        parser = ConfigParser(config, globals={"pictures": pictures})
        self.loader = parser.get_parsed_content("train#dataloader")
        self.augment = parser.get_parsed_content("augmentation")
        self.device = parser.get_parsed_content("device")
        self.one_by_one = DataLoader(
            Dataset(pictures, one_by_one(self.augment)),
            batch_size=self.batch_size,
            shuffle=True,
            num_workers=len(os.sched_getaffinity(0)) if self.device.type == "cuda" else 0,
        )
        logits = parser.get_parsed_content("logits").train()
        self.logits = torch.compile(logits) if self.device.type == "cuda" else logits
        self.loss = parser.get_parsed_content("loss")
        self.optimizer = parser.get_parsed_content("optimizer")

    def loaded(self) -> float:
        return self.pictures_per_s(self.loader)

    def augmented(self) -> float:
        on_device = self.on_device()["image"]
        return self.pictures_per_s(self.augment(on_device) for _ in itertools.count())

    def fed(self) -> float:
        """The way that a training goes: loaded, moved to the device, augmented."""
        return self.pictures_per_s(self.feed())

    def fed_one_by_one(self) -> float:
        return self.pictures_per_s(batch["image"].to(self.device) for batch in self.one_by_one)

    def learned(self) -> float:
        batch = self.on_device()
        return self.pictures_per_s(self.step(batch["image"], batch["label"]) for _ in itertools.count())

    def trained(self) -> float:
        """Fed and learned, as a training does it."""
        return self.pictures_per_s(self.step(*batch) for batch in self.feed())

    def feed(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return (self.augment.prepare_batch(batch, self.device, non_blocking=True) for batch in self.loader)

    def on_device(self) -> dict[str, torch.Tensor]:
        return {name: values.to(self.device) for name, values in next(iter(self.loader)).items()}

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        self.optimizer.zero_grad()
        loss: torch.Tensor = self.loss(self.logits(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.optimizer.step()
        return loss

    def pictures_per_s(self, batches: Iterable[Any]) -> float:
        """From so many batches; what the first ones cost is left out."""
        turns = iter(batches)
        for _ in itertools.islice(turns, WARM_UP):
            pass
        self.wait()
        began_s = time.perf_counter()
        for _ in itertools.islice(turns, self.batches):
            pass
        self.wait()
        return self.batches * self.batch_size / (time.perf_counter() - began_s)

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def one_by_one(augment: Any) -> Compose:
    """The changes that the bundle's augmentation makes, as MONAI makes them to one picture."""
    return Compose(
        [
            RandFlipd("image", prob=augment.flipped, spatial_axis=1),
            RandAffined(
                "image",
                prob=augment.moved,
                rotate_range=augment.rotation,
                translate_range=[augment.shift] * 2,
                scale_range=[augment.scale] * 2,
                padding_mode="zeros",
            ),
            RandGaussianNoised("image", prob=augment.noisy, std=augment.noise),
            EnsureTyped("image", track_meta=False),
        ]
    )


def measured(training: Training, options: argparse.Namespace) -> dict[str, Any]:
    facts = machine()
    ways: dict[str, Callable[[], float]] = {
        "loaded": training.loaded,
        "augmented": training.augmented,
        "fed": training.fed,
        "fed_one_by_one": training.fed_one_by_one,
        "learned": training.learned,
        "trained": training.trained,
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(1, options.rounds + 1):
        for way, measure in ways.items():
            found[way].append(measure())
        progress(f"round {number} of {options.rounds}")
    return {
        "benchmark": "training",
        "device": training.device.type,
        "threads": options.threads,
        "batch_size": training.batch_size,
        "pictures_per_s": {way: spread(values, 0) for way, values in found.items()},
        "trained_to_learned": ratios(found["trained"], found["learned"]),
        "fed_to_fed_one_by_one": ratios(found["fed"], found["fed_one_by_one"]),
        "machine": facts,
    }


if __name__ == "__main__":
    main()
