"""Where a data set lies, by its number, the beginning of its digest, or its folder; and a copy of it elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from osteo_pacs.db.data_sets import KnownDataSet, find_data_sets
from osteo_pacs.db.session import Session
from osteo_pacs.errors import PermanentError
from osteo_pacs.retrain.data_set.manifest import DATALIST, MANIFEST, sha256_of


class NoSuchDataSet(PermanentError):
    """There is no such data set."""

    remedy = "`osteo-pacs dataset list` shows their numbers and digests."


class DataSetDamaged(PermanentError):
    """The data set is not what its manifest says."""

    remedy = "Drop it (`osteo-pacs dataset drop`) and build it again."


class FolderNotEmpty(PermanentError):
    """The folder holds something."""

    remedy = "Name a folder that is empty or not there yet."


def data_set_folder(session: Session, directory: Path, name: str) -> Path:
    """The folder of a data set, with ``datalist.json`` in it.

    Args:
        session: of the database that knows the data sets.
        directory: [datasets] directory.
        name: a number, the beginning of a digest (four digits or more), or the path of any such folder.

    Raises:
        NoSuchDataSet: there is none, or several.
    """
    if (Path(name) / DATALIST).is_file():
        return Path(name)
    return folder_of(directory, find_data_set(session, name))


def find_data_set(session: Session, name: str) -> KnownDataSet:
    """The data set with this number, or whose digest begins so.

    Raises:
        NoSuchDataSet: there is none, or several.
    """
    found = find_data_sets(session, name)
    if len(found) != 1:
        raise NoSuchDataSet(f"{name}." if not found else f"{len(found)} begin with {name}.")
    return found[0]


def folder_of(directory: Path, known: KnownDataSet) -> Path:
    """Its folder.

    Raises:
        DataSetDamaged: nothing lies there.
    """
    folder = directory / known.digest
    if not (folder / DATALIST).is_file():
        raise DataSetDamaged(f"{folder} is not there.")
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a data set that was built here.

    Raises:
        DataSetDamaged: there is none.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataSetDamaged(f"{folder / MANIFEST}: {type(error).__name__}.") from error
    return manifest


def copy_data_set(folder: Path, to: Path, advance: Callable[[], None] = lambda: None) -> int:
    """Copies a data set, every file checked against the manifest; returns how many pictures.

    Raises:
        FolderNotEmpty: ``to`` holds something.
        DataSetDamaged: a file is missing or was changed.
    """
    if to.exists() and any(to.iterdir()):
        raise FolderNotEmpty(f"{to}.")
    images = read_manifest(folder)["images"]
    for image in images:
        source, target = folder / image["image"], to / image["image"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if not source.is_file() or sha256_of(source) != image["sha256"]:
            raise DataSetDamaged(f"{image['image']}.")
        shutil.copyfile(source, target)
        advance()
    for name in (DATALIST, MANIFEST):
        shutil.copyfile(folder / name, to / name)
    return len(images)
