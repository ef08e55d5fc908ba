"""What the shell completes beyond names of commands and options: names that the configuration has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osteo_pacs.errors import OsteoPacsError


def destination_names(ctx: Any, incomplete: str) -> list[str]:
    """The destinations that begin so; none where the configuration cannot be read: a shell shows no errors."""
    from osteo_pacs.config import find_config, load

    # A shell's words have not become paths yet.
    named = ctx.find_root().params.get("config")
    try:
        settings = load(find_config(Path(named) if named else None))
    except OsteoPacsError:
        return []
    return [one.name for one in settings.destinations if one.name.startswith(incomplete)]
