"""Room: in the spool, against its watermarks, and what the database takes."""

from __future__ import annotations

import shutil

from osteo_pacs.db.size import size_bytes
from osteo_pacs.status.section import Section, View, size

MIB = 1 << 20


def look(view: View) -> Section:
    """The free space and the marks."""
    marks, folder = view.settings.watermarks, view.settings.spool.directory
    free = shutil.disk_usage(folder).free if folder.is_dir() else None
    database = size_bytes(view.session)
    facts = {
        "free_bytes": free,
        "min_free_bytes": marks.min_free_mib * MIB,
        "low_free_bytes": marks.low_free_mib * MIB,
        "high_free_bytes": marks.high_free_mib * MIB,
        "database_bytes": database,
    }
    limits = f"room is made below {size(marks.low_free_mib * MIB)}, studies are rejected below "
    lines = (
        f"{size(free)} free in the spool; {limits}{size(marks.min_free_mib * MIB)}"
        if free is not None
        else "The spool is not there yet.",
        f"{size(database)} database",
    )
    is_short = free is not None and free < marks.low_free_mib * MIB
    needs = ("Space is short: `osteo-pacs retention plan` shows what goes and what stays.",) if is_short else ()
    return Section("disk", facts, lines, needs)
