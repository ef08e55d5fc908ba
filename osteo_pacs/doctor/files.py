"""The files beside the spool: who else may read what is private, or change what is trusted?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from osteo_pacs import shipped
from osteo_pacs.config import Settings
from osteo_pacs.config.secrecy import remedy, tells_everyone
from osteo_pacs.config.urls import sqlite_file
from osteo_pacs.doctor.check import Check, Examination, failed, passed

OTHERS = stat.S_IRWXG | stat.S_IRWXO
JOURNAL = "-journal"


def examinations(settings: Settings, config: Path) -> Iterator[Examination]:
    """The configuration, the database's file where it is one, the configuration's bundle, the model store."""
    bundle, store = settings.model.bundle or shipped.BUNDLE, settings.model_store
    yield Examination("configuration rights", lambda: _configuration(config, settings))
    if file := sqlite_file(settings.database.url):
        yield Examination("database rights", lambda: _database(file))
    yield Examination("bundle rights", lambda: _trusted("bundle rights", bundle))
    if store.is_dir():
        yield Examination("model store rights", lambda: _trusted("model store rights", store))


def _configuration(config: Path, settings: Settings) -> Check:
    if tells_everyone(config, settings):
        detail = f"{config} holds a password that every user of this machine can read"
        return failed("configuration rights", detail, remedy(config))
    return _trusted("configuration rights", config)


def _database(file: Path) -> Check:
    for path in (file, file.with_name(file.name + JOURNAL)):
        if path.exists() and (others := path.stat().st_mode & OTHERS):
            detail = f"{path} is open to other users ({others:03o})"
            return failed("database rights", detail, f"It names patients' studies: run `chmod 600 {path}`.")
    return passed("database rights", f"{file} is open to its owner alone")


def _trusted(name: str, root: Path) -> Check:
    for path in _and_below(root):
        if path.lstat().st_mode & stat.S_IWOTH and not path.is_symlink():
            return failed(name, f"every user can change {path}", f"Run `chmod -R o-w {root}`, and look at it.")
    return passed(name, f"{root} cannot be changed by every user")


def _and_below(root: Path) -> Iterator[Path]:
    yield root
    for folder, folders, files in os.walk(root):
        yield from (Path(folder) / name for name in (*folders, *files))
