"""What is in a data set: ``manifest.json`` beside the datalist, and the digest that names both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from osteo_pacs.retrain.data_set.parts import Part

MANIFEST, DATALIST = "manifest.json", "datalist.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a data set.

    Attributes:
        name: its file's.
        fold: from 0, None for testing.
        source: where its label came from.
        t_score: of L1-L4, where the label came from one.
        patient: who it is of, by the site's key.
        sha256: of the file.
        pixel_sha256: of the whole picture's stored values.
        received_sha256: of the Data Set as it was received.
    """

    name: str
    part: Part
    fold: int | None
    label: int
    source: str
    t_score: float | None
    patient: str
    sha256: str
    pixel_sha256: str
    received_sha256: str

    @property
    def image(self) -> str:
        """Its path in the folder."""
        return f"{self.part}/{self.name}"

    def listed(self) -> dict[str, Any]:
        """Its item in the datalist; a T-score softens the label that was made of it."""
        t_score = {} if self.t_score is None else {"t_score": self.t_score}
        fold = {} if self.fold is None else {"fold": self.fold}
        return {"image": self.image, "label": self.label, "patient": self.patient[:16]} | t_score | fold


@dataclass(frozen=True)
class Manifest:
    """All of a data set but the pictures themselves; ``left_out`` are names with reasons."""

    pictures: tuple[Picture, ...]
    left_out: tuple[tuple[str, str], ...]
    recipe: Mapping[str, Any]

    def content(self) -> dict[str, Any]:
        """What the digest names, as plain JSON."""
        return {
            "format": FORMAT,
            "recipe": dict(self.recipe),
            "images": [{"image": one.image} | asdict(one) for one in self.pictures],
            "left_out": [{"name": name, "reason": reason} for name, reason in self.left_out],
        }

    @cached_property
    def digest(self) -> str:
        """sha256 of the content as canonical JSON."""
        text = json.dumps(self.content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """Counts by part and class, and how it was made."""
        reasons: dict[str, int] = {}
        for _, reason in self.left_out:
            reasons[reason] = reasons.get(reason, 0) + 1
        return {
            "parts": {part: self._counts(part) for part in Part},
            "left_out": reasons,
            "recipe": dict(self.recipe),
        }

    def _counts(self, part: Part) -> dict[str, int]:
        within = [one for one in self.pictures if one.part is part]
        positive = {one.patient for one in within if one.label}
        return {
            "images": len(within),
            "positive_images": sum(one.label for one in within),
            "positive_patients": len(positive),
            "negative_patients": len({one.patient for one in within} - positive),
        }


def write_folder(manifest: Manifest, source: Path, folder: Path) -> None:
    """Moves the pictures from ``source`` into their parts' folders, and writes both lists beside them."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for part in Part:
        (folder / part).mkdir(parents=True)
        listed[part] = [one.listed() for one in manifest.pictures if one.part is part]
    for one in manifest.pictures:
        (source / one.name).rename(folder / one.image)
    _write(folder / DATALIST, listed)
    _write(folder / MANIFEST, {"digest": manifest.digest} | manifest.content())


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether the folder holds this data set, every file as it was written."""
    try:
        held = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["digest"]
        files = ((folder / one.image, one.sha256) for one in manifest.pictures)
        return held == manifest.digest and all(sha256_of(path) == sha256 for path, sha256 in files)
    except (OSError, ValueError, KeyError):
        return False


def sha256_of(path: Path) -> str:
    """Digest of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
