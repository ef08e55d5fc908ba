"""The clocks: ours, and how far the database's is from it."""

from __future__ import annotations

from osteo_pacs.status.section import Section, View

MOST_S = 5.0


def look(view: View) -> Section:
    """Leases and presence run on the database's clock, studies are complete by the hosts'."""
    ahead_s = round((view.now - view.here).total_seconds(), 3)
    facts = {"here": view.here, "database": view.now, "database_ahead_s": ahead_s}
    # Zero has no sign.
    told = f"{round(ahead_s, 1) + 0.0:+.1f} s"
    line = f"{view.here.astimezone().isoformat(sep=' ', timespec='seconds')}  database {told}"
    differ = f"The database's clock is {told} from this host's: let both be set by NTP."
    return Section("clock", facts, (line,), (differ,) if abs(ahead_s) > MOST_S else ())
