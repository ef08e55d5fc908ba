"""Whether a configuration file tells everyone on the machine a password."""

from __future__ import annotations

import stat
from pathlib import Path

from osteo_pacs.config.settings import Settings
from osteo_pacs.config.urls import without_password


def tells_everyone(path: Path, settings: Settings) -> bool:
    """Whether the file holds the database's password and every user of the machine may read it.

    A group may: the file can belong to root, and to the group of the user that runs the service.
    """
    url = settings.database.url
    has_password = without_password(url) != url and url in path.read_text(encoding="utf-8")
    return has_password and bool(path.stat().st_mode & stat.S_IROTH)


def remedy(path: Path) -> str:
    """What to do about it."""
    return f"Run `chmod o-rwx {path}`, or give the URL as OSTEO_PACS__DATABASE__URL."
