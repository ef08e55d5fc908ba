"""The configuration as those processes need it that read studies: its keywords and its bundle are there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from osteo_pacs.config import Settings, load
from osteo_pacs.config.validation import Tables
from osteo_pacs.select.keywords import unknown_keywords


def load_for_service(path: Path) -> Settings:
    """The settings of one file and the environment.

    The listener does with ``load``: it never loads PS3.6's dictionary.

    Raises:
        ConfigurationError: with a line for each mistake.
    """
    return load(path, looks=(unknown_keywords, partial(_missing_bundle, path.parent)))


def _missing_bundle(beside: Path, tables: Tables) -> Iterator[str]:
    model = tables.get("model")
    bundle = model.get("bundle") if isinstance(model, dict) else None
    if isinstance(bundle, str) and not (beside / bundle).is_dir():
        yield f"[model] bundle = {bundle!r}: there is no such folder; left out: the bundle that ships is meant"
