"""The scheduler process: duties at their intervals, in one process of the installation.

    lock = leader_lock(database, "scheduler")
    run_scheduler([Duty("rescue", 5.0, rescuer(database, lease_s=60, max_attempts=5))], stop=stop, lock=lock)

The duties are static and in memory: APScheduler's stores in a database unpickle what they hold and delete what
they cannot import. An error of a store kills its thread while ``running`` stays True, and it waits on the wall
clock, which may be set back; so what counts is that duties begin, on the monotonic clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler

from osteo_pacs.clock import utc_now
from osteo_pacs.db.leader_lock import LeaderLock
from osteo_pacs.errors import RetryableError
from osteo_pacs.housekeeping.daemon_threads import DaemonThreadExecutor
from osteo_pacs.log import get_logger

LEADER_EVERY_S = 2.0
"""How often a process that does not lead looks whether it could, and one that leads whether it still does."""
STALLED_AFTER_S = 60.0


class SchedulerStalled(RetryableError):
    """A duty has not begun for too long."""

    remedy = "The process ends, so that it is started again."


@dataclass(frozen=True, slots=True)
class Duty:
    """What is done every ``every_s`` seconds, one run at a time; after a run that raises the next one comes."""

    name: str
    every_s: float
    call: Callable[[], object]


class DutyRun:
    """Runs a duty where this process leads, outlives its errors, and remembers when it last began."""

    def __init__(self, duty: Duty, is_leader: threading.Event, monotonic: Callable[[], float]) -> None:
        self.duty = duty
        self._is_leader = is_leader
        self._monotonic = monotonic
        self._began_s = monotonic()

    def __call__(self) -> None:
        """One run."""
        self._began_s = self._monotonic()
        if not self._is_leader.is_set():
            return
        try:
            self.duty.call()
        except Exception as error:  # noqa: BLE001 - the loop that must not die
            get_logger().exception("duty_failed", name=self.duty.name, exc_info=error)

    @property
    def overdue_s(self) -> float:
        """Seconds since a run should have begun; negative before that."""
        return self._monotonic() - self._began_s - self.duty.every_s


def run_scheduler(
    duties: Sequence[Duty],
    *,
    stop: threading.Event,
    lock: LeaderLock,
    stalled_after_s: float = STALLED_AFTER_S,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Does the duties until ``stop`` is set, whenever this process holds the lock.

    Raises:
        SchedulerStalled: a duty has not begun for ``stalled_after_s`` beyond its interval.
    """
    is_leader = threading.Event()
    runs = [DutyRun(duty, is_leader, monotonic) for duty in duties]
    scheduler = _scheduler(runs)
    scheduler.start()
    try:
        _watch(runs, stop, lock, is_leader, stalled_after_s)
    finally:
        is_leader.clear()
        # A duty that hangs would hold the process for ever.
        scheduler.shutdown(wait=False)
        lock.release()


def _watch(
    runs: Sequence[DutyRun],
    stop: threading.Event,
    lock: LeaderLock,
    is_leader: threading.Event,
    stalled_after_s: float,
) -> None:
    while True:
        _take_lead(lock, is_leader)
        if stop.wait(LEADER_EVERY_S):
            return
        for run in runs:
            if run.overdue_s > stalled_after_s:
                raise SchedulerStalled(run.duty.name)


def _take_lead(lock: LeaderLock, is_leader: threading.Event) -> None:
    held = lock.hold()
    if held == is_leader.is_set():
        return
    get_logger().info("scheduler_leads" if held else "scheduler_follows")
    if held:
        is_leader.set()
    else:
        is_leader.clear()


def _scheduler(runs: Sequence[DutyRun]) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": DaemonThreadExecutor()},
        # A run that is late is not lost, several that are late are one, and a duty never runs beside itself.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    for run in runs:
        scheduler.add_job(run, "interval", seconds=run.duty.every_s, id=run.duty.name, next_run_time=utc_now())
    return scheduler
