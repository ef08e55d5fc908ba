"""What the service writes is for its own user alone."""

from __future__ import annotations

import os

OTHERS = 0o077


def keep_files_private() -> None:
    """From now on files of this process and its children are 0600 at most, and folders 0700."""
    os.umask(OTHERS)
