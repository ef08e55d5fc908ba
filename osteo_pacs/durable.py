"""What has to outlive a loss of power."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path | str) -> None:
    """Waits until a file's bytes, or the names in a folder, are on the disk (fsync(2)).

    Raises:
        OSError: the disk does not take them.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
