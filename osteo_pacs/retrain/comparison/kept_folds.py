"""Folds that are done, kept in files until the comparison is: a training that took hours is not made twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


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
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[Path] = set()

    def find(self, conditions: Mapping[str, Any], fold: int) -> FoldResult | None:
        """What an earlier run kept; None where it kept nothing."""
        file = self._file(conditions, fold)
        try:
            return FoldResult(**json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def keep(self, conditions: Mapping[str, Any], fold: int, result: FoldResult) -> None:
        """Writes a whole file, or none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._file(conditions, fold)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(result)), encoding="utf-8")
        unfinished.replace(file)

    def forget(self) -> None:
        """Removes the folds that were asked for, and the folder when that leaves it empty."""
        for file in self._used:
            file.unlink(missing_ok=True)
        if self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _file(self, conditions: Mapping[str, Any], fold: int) -> Path:
        described = json.dumps(conditions, sort_keys=True, default=str).encode()
        file = self._folder / f"{hashlib.sha256(described).hexdigest()[:16]}-{fold}.json"
        self._used.add(file)
        return file
