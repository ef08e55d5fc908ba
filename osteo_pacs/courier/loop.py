"""The courier process: one look at the queue for all destinations, one lane for each.

``run_courier`` returns within ``[service] shutdown_s`` of ``stop``, whatever the peers do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from osteo_pacs.config import Settings
from osteo_pacs.config.security import is_plain_off_loopback
from osteo_pacs.courier.lane import Lane
from osteo_pacs.courier.strays import park_strays
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.db.tables import JobKind
from osteo_pacs.db.watch import Watch
from osteo_pacs.errors import RetryableError
from osteo_pacs.jobs import lanes as queue_lanes
from osteo_pacs.jobs.queue import heartbeat
from osteo_pacs.jobs.workers import worker_name
from osteo_pacs.log import get_logger

STRAYS_EVERY_S = 30.0
BEATS_PER_LEASE = 3
UNAVAILABLE_S = 1.0


class LaneHung(RetryableError):
    """A lane of the courier does not come back from a delivery; the process must be started again."""


class Pulse:
    """Something that is due every ``every_s`` seconds, and at once at first."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_s = 0.0

    def is_due(self) -> bool:
        """True once in every period."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._every_s
        return True


def run_courier(
    settings: Settings, database: Database, stop: threading.Event, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Delivers reports until ``stop`` is set; ``on_ready`` is called once it looks into the queue.

    Raises:
        LaneHung: a lane has outlived every deadline, or has died; the process should be started again.
    """
    _warn_of_plain(settings)
    worker = worker_name()
    lanes = [Lane(destination, settings, database, worker) for destination in settings.destinations]
    for lane in lanes:
        lane.start()
    on_ready()
    try:
        _look_until(stop, settings, database, lanes, worker)
    finally:
        _end(lanes, settings.service.shutdown_s)


def _warn_of_plain(settings: Settings) -> None:
    for destination in filter(is_plain_off_loopback, settings.destinations):
        get_logger().warning(
            "plain_off_loopback", destination=destination.name, host=destination.host, port=destination.port
        )


def _look_until(
    stop: threading.Event, settings: Settings, database: Database, lanes: Sequence[Lane], worker: str
) -> None:
    strays, beat = Pulse(STRAYS_EVERY_S), Pulse(settings.jobs.lease_s / BEATS_PER_LEASE)
    with closing(Watch(database, settings.jobs.poll_s)) as watch:
        while not stop.is_set():
            _check(lanes)
            try:
                if strays.is_due():
                    park_strays(database, settings, worker)
                if beat.is_due():
                    _renew_leases(database, lanes, settings.jobs.lease_s)
                _wake(database, lanes)
            except DatabaseUnavailable as error:
                get_logger().error("database_unavailable", reason=str(error))
                stop.wait(UNAVAILABLE_S)
            if all(lane.is_free for lane in lanes):
                watch.wait(stop)
            else:
                # No commit tells that a lane has become free.
                stop.wait(settings.jobs.poll_s)


def _wake(database: Database, lanes: Sequence[Lane]) -> None:
    free = {lane.destination.name: lane for lane in lanes if lane.is_free}
    if not free:
        return
    with database.read() as session:
        busy = queue_lanes.with_work(session, JobKind.DELIVER, free)
    for name in busy:
        free[name].wake()


def _renew_leases(database: Database, lanes: Sequence[Lane], lease_s: float) -> None:
    # A claim that was lost is found out when the lane settles it.
    for lane in lanes:
        for held in lane.claims:
            heartbeat(database, held, lease_s)


def _check(lanes: Sequence[Lane]) -> None:
    for lane in lanes:
        if lane.is_hung or not lane.is_alive():
            raise LaneHung(lane.destination.name)


def _end(lanes: Sequence[Lane], shutdown_s: float) -> None:
    """Half of the time to finish the reports in hand, half of the rest to settle what was not finished."""
    for lane in lanes:
        lane.stop()
    if not _joined(lanes, shutdown_s / 2):
        for lane in lanes:
            lane.interrupt()
        _joined(lanes, shutdown_s / 4)


def _joined(lanes: Sequence[Lane], within_s: float) -> bool:
    ends_s = time.monotonic() + within_s
    for lane in lanes:
        # A lane that was never started cannot be joined.
        with suppress(RuntimeError):
            lane.join(max(0.0, ends_s - time.monotonic()))
    return not any(lane.is_alive() for lane in lanes)
