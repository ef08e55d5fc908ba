"""Jobs whose workers went away are made available again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from osteo_pacs.db.session import Database
from osteo_pacs.jobs import rescue
from osteo_pacs.jobs.rescue import Lease
from osteo_pacs.log import get_logger


@dataclass
class LeaseWatch:
    """Tells a worker that went away from a clock that was set.

    The database's clock may step by an hour: then every lease looks expired at once, or none does for an hour.
    So a lease is lost when it has expired and no heartbeat came for ``silent_s``, or, whatever the database's
    clock says, when none came for ``dead_s``: both in seconds of a monotonic clock of our own.
    """

    silent_s: float
    dead_s: float
    _seen_s: dict[Lease, float] = field(default_factory=dict)

    def lost(self, leases: Iterable[Lease], now_s: float) -> list[Lease]:
        """Those of all leases that are lost; ``now_s`` is monotonic."""
        self._seen_s = {lease: self._seen_s.get(lease, now_s) for lease in leases}
        return [lease for lease, seen_s in self._seen_s.items() if self._is_lost(lease, now_s - seen_s)]

    def _is_lost(self, lease: Lease, unheard_s: float) -> bool:
        return unheard_s >= (self.silent_s if lease.has_expired else self.dead_s)


def rescuer(
    database: Database, *, lease_s: float, max_attempts: int, monotonic: Callable[[], float] = time.monotonic
) -> Callable[[], None]:
    """The duty for workers that renew leases of ``lease_s`` at least twice in that time."""
    watch = LeaseWatch(silent_s=lease_s / 2, dead_s=lease_s)

    def rescue_lost_jobs() -> None:
        lost = watch.lost(rescue.leases(database), monotonic())
        rescued = rescue.rescue(database, lost, max_attempts)
        if rescued.available:
            get_logger().warning("jobs_rescued", count=rescued.available)
        if rescued.parked:
            get_logger().error("jobs_parked", count=rescued.parked, reason=rescue.WORKER_WENT_AWAY)

    return rescue_lost_jobs
