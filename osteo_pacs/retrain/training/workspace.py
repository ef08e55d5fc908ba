"""The folder that one training works in, which outlives the trainer that works there.

::

    training-000007/
      bundle/         a copy of the bundle that it starts from; at the end, sealed, the candidate
      checkpoints/    everything that the training is made of, after each epoch
      order.json      what the process that trains is to do
      progress.json   how far it is
      trained.json    written when the last epoch is over
      error.json      what broke the process that trains
      log.txt         what MONAI and PyTorch say
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteo_pacs.sealed import Sealed

UNSEALED = ("LICENSE", "docs/metadata_schema.json", "docs/data_license.txt")
"""What a bundle needs besides its sealed files; its README speaks of other weights."""
_CHECKPOINT = re.compile(r"^checkpoint_(\d+)\.pt$")


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one training."""

    folder: Path

    @classmethod
    def of(cls, directory: Path, run_id: int) -> Workspace:
        """The folder of a training by its number."""
        return cls((directory / f"training-{run_id:06d}").absolute())

    @property
    def bundle(self) -> Path:
        """The bundle that is trained."""
        return self.folder / "bundle"

    @property
    def checkpoints(self) -> Path:
        """Where the training keeps itself."""
        return self.folder / "checkpoints"

    @property
    def order(self) -> Path:
        """The order."""
        return self.folder / "order.json"

    @property
    def log(self) -> Path:
        """What the process that trains writes."""
        return self.folder / "log.txt"

    @property
    def lock(self) -> Path:
        """Whoever works here holds it."""
        return self.folder / "lock"

    def copy_bundle(self, sealed: Sealed) -> None:
        """Copies the verified files, never what lies on the disk now; at once or not at all."""
        new = self.folder / "bundle.new"
        shutil.rmtree(new, ignore_errors=True)
        for path, content in sealed.files.items():
            _write(new / path, content)
        for path in UNSEALED:
            if (sealed.folder / path).is_file():
                _write(new / path, (sealed.folder / path).read_bytes())
        new.rename(self.bundle)

    def clear(self) -> None:
        """Leaves the log alone: what came of it lies elsewhere, or nothing did."""
        for folder in (self.bundle, self.checkpoints):
            shutil.rmtree(folder, ignore_errors=True)

    def newest_checkpoint(self) -> Path | None:
        """The one of the latest epoch."""
        found = {
            int(match[1]): path
            for path in self.checkpoints.glob("*.pt")
            if (match := _CHECKPOINT.match(path.name))
        }
        return found[max(found)] if found else None

    def read_progress(self) -> dict[str, Any]:
        """What the process that trains last told; empty before it did."""
        return _read(self.folder / "progress.json")

    def tell_progress(self, progress: Mapping[str, Any]) -> None:
        """Tells how far the training is."""
        write_whole(self.folder / "progress.json", progress)

    def read_error(self) -> str:
        """The class of the error that broke the process that trains; empty where nothing was told."""
        return str(_read(self.folder / "error.json").get("error", ""))

    def tell_error(self, error: BaseException) -> None:
        """Tells what broke it, without the message: that may quote a header."""
        write_whole(self.folder / "error.json", {"error": type(error).__name__})

    def trained_epochs(self) -> int | None:
        """After how many epochs training was over; None while it is not."""
        epochs = _read(self.folder / "trained.json").get("epochs")
        return None if epochs is None else int(epochs)

    def tell_trained(self, epochs: int) -> None:
        """Training is over; what is left is to fix the operating point."""
        write_whole(self.folder / "trained.json", {"epochs": epochs})


def write_whole(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON so that a reader sees all of it, or what was there before."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
