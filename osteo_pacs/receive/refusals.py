"""Refused peers on their way to the audit trail, so many and no more: a flood of them must not fill the database.

The first refusal of an address for a reason is told at once; those that follow are counted, and told as one when
``WINDOW`` is over. Beyond ``MOST`` addresses and reasons within a window, all others are counted together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from osteo_pacs.audit.events import association_refused
from osteo_pacs.audit.record import AuditRecord, Participant, printable
from osteo_pacs.clock import Clock

WINDOW = timedelta(minutes=5)
MOST = 16
OTHERS = ("", "too many peers to tell them one by one")


@dataclass(slots=True)
class _Tally:
    peer: Participant
    reason: str
    ends_at: datetime
    untold: int = 0
    is_told: bool = False


class Refusals:
    """What one listener process has refused and not told yet; any thread may note, one tells."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._lock = Lock()
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def note(self, address: str, ae_title: str, reason: str) -> None:
        """A peer was turned away."""
        with self._lock:
            tally = self._tallies.get((address, reason)) or self._begin(address, ae_title, reason)
            tally.untold += 1

    def due(self, *, is_last: bool = False) -> list[AuditRecord]:
        """What is to be told now; ``is_last``: there will be no later."""
        with self._lock:
            now = self._now()
            told = [
                tally
                for tally in self._tallies.values()
                if tally.untold and (is_last or not tally.is_told or tally.ends_at <= now)
            ]
            records = [association_refused(tally.peer, tally.reason, tally.untold, now) for tally in told]
            for tally in told:
                tally.untold, tally.is_told = 0, True
            self._tallies = {key: tally for key, tally in self._tallies.items() if tally.ends_at > now}
            return records

    def _begin(self, address: str, ae_title: str, reason: str) -> _Tally:
        key, title = (address, reason), printable(ae_title)
        peer = Participant(title or address, ae_title=title, address=address)
        if len(self._tallies) >= MOST:
            key, reason = OTHERS, OTHERS[1]
            peer = Participant("several peers")
        return self._tallies.setdefault(key, _Tally(peer, reason, self._now() + WINDOW))
