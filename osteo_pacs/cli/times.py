"""Times as a person gives them: local, unless they say more."""

from __future__ import annotations

from datetime import datetime

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def aware(time: datetime | None) -> datetime | None:
    """The time with its zone: this machine's where none was given."""
    return time.astimezone() if time else None
