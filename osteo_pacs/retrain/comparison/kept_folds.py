"""Folds that are done, kept in files until the comparison is: a training that took hours is not made twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from osteo_pacs.durable import sync


@dataclass(frozen=True, slots=True)
class FoldResult:
    """What one fold came to.

    Attributes:
        scores: probabilities of the positive class by network, of the fold's patients in their order.
        training_s: seconds by network.
        seconds: all that the fold took.
    """

    scores: Mapping[str, list[float]]
    training_s: Mapping[str, float]
    seconds: float


class KeptFolds:
    """A folder with a file for each fold that is done.

    A file is named after the conditions under which its fold was made, so that none made under others is taken.

    Args:
        folder: made with the first fold.
        conditions: all that a fold's result follows from but the program's own code, as JSON can hold it.
    """

    def __init__(self, folder: Path, conditions: Mapping[str, Any]) -> None:
        described = json.dumps(conditions, sort_keys=True).encode()
        self._folder, self._name = folder, hashlib.sha256(described).hexdigest()[:16]

    def find(self, fold: int) -> FoldResult | None:
        """What an earlier run kept; None where it kept nothing, or nothing that can be read."""
        try:
            return FoldResult(**json.loads(self._file(fold).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def keep(self, fold: int, result: FoldResult) -> None:
        """Writes a whole file, or none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._file(fold).with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(result)), encoding="utf-8")
        sync(unfinished)
        unfinished.replace(self._file(fold))

    def forget(self) -> None:
        """Removes the folds made under these conditions, and the folder when that leaves it empty."""
        for file in self._folder.glob(f"{self._name}-*"):
            file.unlink()
        if self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _file(self, fold: int) -> Path:
        return self._folder / f"{self._name}-{fold}.json"
