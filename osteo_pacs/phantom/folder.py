"""Simulated studies in a folder: a folder each, its Part 10 files, and their truth as JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from osteo_pacs.errors import PermanentError
from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.kinds import PhantomKind
from osteo_pacs.phantom.sampling import draw_scanner
from osteo_pacs.phantom.scanner import ScannerStyle
from osteo_pacs.phantom.study import DEMO_KINDS, PhantomStudy, make_study, write_study

TRUTH = "truth.json"
Choice = TypeVar("Choice", bound=StrEnum)


class UnknownChoice(PermanentError):
    """The phantom does not know this word."""


@dataclass(frozen=True, slots=True)
class WrittenStudy:
    """A study on the disk."""

    study_instance_uid: str
    folder: Path
    instances: int


def write_studies(
    folder: Path, *, first_seed: int, count: int, scanner: str = "", kinds: Sequence[str] = ()
) -> Iterator[WrittenStudy]:
    """Writes ``count`` studies.

    Without ``scanner`` each seed draws one; without ``kinds`` a study has the eight instances of a scanner.

    Raises:
        UnknownChoice: there is no such scanner or kind.
    """
    chosen = [_choice(PhantomKind, kind) for kind in kinds] or DEMO_KINDS
    style = _choice(ScannerStyle, scanner) if scanner else None
    for seed in range(first_seed, first_seed + count):
        study = make_study(seed, kinds=chosen, scanner=style or draw_scanner(random_stream(seed, "scanner")))
        yield _write(study, folder / f"study-{seed:06d}")


def _write(study: PhantomStudy, folder: Path) -> WrittenStudy:
    paths = write_study(study, folder)
    truth = {path.name: one.to_dict() for path, one in zip(paths, study.truth, strict=True)}
    (folder / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return WrittenStudy(study.study_instance_uid, folder, len(paths))


def _choice(choices: type[Choice], word: str) -> Choice:
    try:
        return choices(word)
    except ValueError:
        known = ", ".join(choices)
        raise UnknownChoice(f"{word!r}.", remedy=f"Known are: {known}.") from None
