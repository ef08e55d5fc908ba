"""What was done in the last minute, hour and day."""

from __future__ import annotations

from osteo_pacs.jobs.throughput import SPANS, throughput
from osteo_pacs.status.section import Section, View, aligned


def look(view: View) -> Section:
    """A row for each thing that is counted."""
    found = throughput(view.session, view.now)
    rows = [
        ("last", *SPANS),
        *((one.what.replace("_", " "), *one.counts.values()) for one in found),
    ]
    return Section("throughput", {one.what: one.counts for one in found}, aligned(rows))
