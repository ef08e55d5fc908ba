"""The processes of the service, as each has told that it is there."""

from __future__ import annotations

from osteo_pacs.db.presence import SeenProcess, list_processes
from osteo_pacs.status.section import Section, View, ago, aligned

NEEDED = ("listener", "worker", "courier", "scheduler")


def look(view: View) -> Section:
    """Those that are there, and those that fell silent."""
    found = list_processes(view.session)
    rows = [
        (
            one.name,
            one.worker,
            one.version,
            f"since {ago(view.now - one.started_at)}",
            f"SILENT for {ago(view.now - one.seen_at)}" if one.is_silent else "",
        )
        for one in found
    ]
    lines = aligned(rows) if rows else ("None.",)
    return Section("processes", [_facts(one) for one in found], lines, tuple(_attention(found)))


def _facts(process: SeenProcess) -> dict[str, object]:
    return {
        "name": process.name,
        "role": process.role,
        "worker": process.worker,
        "version": process.version,
        "started_at": process.started_at,
        "seen_at": process.seen_at,
        "is_silent": process.is_silent,
    }


def _attention(found: list[SeenProcess]) -> list[str]:
    silent = [
        f"{one.name} ({one.worker}) is silent: it died, hangs, or does not reach the database; look into its log."
        for one in found
        if one.is_silent
    ]
    there = {one.role for one in found if not one.is_silent}
    missing = [role for role in NEEDED if role not in there]
    if missing == list(NEEDED):
        return [*silent, "The service is not running: `osteo-pacs serve` starts it."]
    return [*silent, *(f"There is no {role}: `osteo-pacs {role}` starts one." for role in missing)]
