"""The spool: can it be written durably, by no one else, and is there room?"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from osteo_pacs.config import Settings
from osteo_pacs.config.retention import Watermarks
from osteo_pacs.doctor.check import Check, Examination, failed, passed

MIB = 1024 * 1024
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examinations(settings: Settings) -> Iterator[Examination]:
    """Space, and rights."""
    folder = settings.spool.directory
    yield Examination("spool space", lambda: _space(folder, settings.watermarks))
    yield Examination("spool rights", lambda: _rights(folder))


def _space(folder: Path, marks: Watermarks) -> Check:
    free_mib = shutil.disk_usage(_nearest_that_is(folder)).free // MIB
    detail = (
        f"{free_mib} MiB free at {folder}, at least {marks.min_free_mib} MiB are needed; "
        f"below {marks.low_free_mib} MiB room is made up to {marks.high_free_mib} MiB"
    )
    if free_mib < marks.min_free_mib:
        remedy = "Make room there, or move [spool] directory; studies are rejected now."
        return failed("spool space", detail, f"{remedy} `osteo-pacs retention plan` shows what stays and why.")
    return passed("spool space", detail)


def _rights(folder: Path) -> Check:
    if not folder.is_dir():
        return _rights_to_create(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as probe:
            probe.write(b"osteo_pacs")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return failed("spool rights", f"{folder} cannot be written: {error.strerror}", _give(folder))
    if others := folder.stat().st_mode & OTHERS:
        detail = f"{folder} is open to other users ({others:03o})"
        return failed("spool rights", detail, f"It holds patients' images: run `chmod 700 {folder}`.")
    return passed("spool rights", f"{folder} can be written, and by no one else")


def _rights_to_create(folder: Path) -> Check:
    parent = _nearest_that_is(folder)
    if (obstacle := next(path for path in (folder, *folder.parents) if path.exists())) != parent:
        return failed("spool rights", f"{obstacle} is no folder", "Name another [spool] directory.")
    try:
        # Rights alone do not tell: some file systems take no folder from anyone.
        with tempfile.TemporaryDirectory(dir=parent, prefix=".doctor-"):
            pass
    except OSError as error:
        detail = f"{folder} is not there and cannot be made in {parent}: {error.strerror}"
        return failed("spool rights", detail, _give(parent))
    return passed("spool rights", f"{folder} will be made when the service starts")


def _nearest_that_is(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _give(folder: Path) -> str:
    return f"Give {folder} to the user that runs osteo-pacs, or name another [spool] directory."
