"""What a database URL says, for those who show it or look for its file."""

from __future__ import annotations

import re
from pathlib import Path

from osteo_pacs.config.sections import SQLITE_PREFIX


def without_password(url: str) -> str:
    """A database URL that may be shown, wherever the password stood in it."""
    url = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", url)


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite URL; None for another database."""
    if not url.startswith(SQLITE_PREFIX):
        return None
    return Path(url.removeprefix(SQLITE_PREFIX).partition("?")[0])
