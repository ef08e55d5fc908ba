"""The list of a training data set: checked before anything is read, because a mistake in it spoils every figure.

``datalist.json`` holds ``{"training": [...], "validation": [...], "test": [...]}``; an item has ``image``, a path
within the folder, and ``label``, 0 or 1. ``patient`` and ``t_score`` may be there too.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from monai.data.dataloader import DataLoader
from monai.data.dataset import Dataset
from monai.data.utils import decollate_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = "datalist.json"
PARTS = ("training", "validation", "test")
ENOUGH_FOR_PROCESSES = 256


class UnfitDataError(ValueError):
    """The data set cannot be trained on."""


@dataclass(frozen=True)
class Datalist:
    """What is in a data set's folder."""

    folder: Path
    parts: Mapping[str, list[dict[str, Any]]]
    sha256: str

    @classmethod
    def read(cls, folder: str | Path) -> Datalist:
        """The checked list of a folder.

        Raises:
            UnfitDataError: a file is missing, a part has one class alone, or a patient is in two parts.
        """
        content = (Path(folder) / FILE).read_bytes()
        parts = {part: items for part, items in json.loads(content).items() if part in PARTS}
        _check_classes(parts)
        _check_patients(parts)
        _check_files(Path(folder), parts)
        return cls(Path(folder), parts, hashlib.sha256(content).hexdigest())

    def items(self, part: str) -> list[dict[str, Any]]:
        """Items with ``image``, an absolute path, and ``label``, 0 or 1."""
        return [{"image": str(self.folder / item["image"]), "label": item["label"]} for item in self.parts[part]]

    def training(self, part: str, *, cut_off: float, softness: float) -> list[dict[str, Any]]:
        """Items whose ``label`` are the wanted probabilities of both classes, float32 of shape (2,).

        Where the T-score is known, the wanted probability falls from 1 to 0 about the ``cut_off``, over some
        ``softness``: a spine that lies just beside the cut-off teaches more than its side of it.
        """
        listed = zip(self.items(part), self.parts[part], strict=True)
        return [
            item | {"label": _wanted(known.get("t_score"), known["label"], cut_off, softness)}
            for item, known in listed
        ]

    def class_weights(self, part: str) -> torch.Tensor:
        """Weights of both classes, shape (2,), that make them count the same; 1 where they are as many."""
        counts = Counter(item["label"] for item in self.parts[part])
        return torch.tensor([len(self.parts[part]) / (2 * counts[label]) for label in (0, 1)])

    def facts(self) -> dict[str, Any]:
        """What a model's metadata say of the data: digest of the list, pictures and positives in each part."""
        return {"datalist_sha256": self.sha256} | {
            part: {"images": len(items), "positives": sum(item["label"] for item in items)}
            for part, items in self.parts.items()
        }


def prepared(items: list[dict[str, Any]], transform: Callable[[Any], Any], workers: int) -> list[dict[str, Any]]:
    """The items after ``transform``, which must draw nothing at random; read once, by so many processes.

    They stay in memory: an image of 224 x 224 in float32 takes 200 kB.
    """
    several = workers if len(items) > ENOUGH_FOR_PROCESSES and workers > 1 else 0
    batches = DataLoader(Dataset(items, transform), batch_size=64, num_workers=several)
    # A copy leaves the shared memory that the batch came in.
    return [
        {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in item.items()}
        for batch in batches
        for item in decollate_batch(batch)
    ]


def _wanted(t_score: float | None, label: int, cut_off: float, softness: float) -> np.ndarray:
    positive = float(label) if t_score is None or not softness else _logistic((cut_off - t_score) / softness)
    return np.array([1 - positive, positive], dtype=np.float32)


def _logistic(x: float) -> float:
    return 0.5 + 0.5 * math.tanh(x / 2)


def _check_classes(parts: Mapping[str, list[dict[str, Any]]]) -> None:
    for part in PARTS[:2]:
        labels = {item["label"] for item in parts.get(part, ())}
        if labels != {0, 1}:
            raise UnfitDataError(f"The {part} part needs items labelled 0 and items labelled 1.")


def _check_patients(parts: Mapping[str, list[dict[str, Any]]]) -> None:
    people = {part: {item["patient"] for item in items if "patient" in item} for part, items in parts.items()}
    for one, other in itertools.combinations(people, 2):
        if shared := len(people[one] & people[other]):
            raise UnfitDataError(f"{shared} patients are in {one} and in {other}; a patient belongs to one part.")


def _check_files(folder: Path, parts: Mapping[str, list[dict[str, Any]]]) -> None:
    listed = [item["image"] for items in parts.values() for item in items]
    if missing := [name for name in listed if not (folder / name).is_file()]:
        raise UnfitDataError(f"{len(missing)} of {len(listed)} files are missing.")
    if len(set(listed)) < len(listed):
        raise UnfitDataError("A file is listed twice.")
