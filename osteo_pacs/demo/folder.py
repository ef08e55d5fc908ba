"""The folder of a demonstration: whatever else lies in a folder is never removed."""

from __future__ import annotations

import shutil
from pathlib import Path

from osteo_pacs.demo.errors import DemonstrationFailed

MARK = ".osteo_pacs_demo"
"""A file that says: everything beside it is a demonstration's, and may be removed by the next one."""


def fresh_folder(folder: Path) -> None:
    """Makes the folder, or empties it where an earlier demonstration has worked in it.

    Raises:
        DemonstrationFailed: something else lies there, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark = folder / MARK
        others = [entry for entry in folder.iterdir() if entry != mark]
        if others and not mark.is_file():
            raise _not_ours(f"{folder} holds something else.")
        mark.touch()
        for entry in others:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    except OSError as error:
        raise _not_ours(f"{folder} cannot be used: {error.strerror}.") from error


def _not_ours(detail: str) -> DemonstrationFailed:
    return DemonstrationFailed(detail, remedy="Name an empty folder, or one that is not there yet, by --folder.")
