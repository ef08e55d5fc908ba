"""File systems of a test's own size, to be filled."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """A file system of its own, of this size."""
    folder.mkdir()
    ask = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*ask, "mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=700", "tmpfs", folder], check=True)
    if ask:
        subprocess.run([*ask, "chown", str(os.geteuid()), folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*ask, "umount", "--lazy", folder], check=True)
