"""Each process alone, as the supervisor, systemd or Kubernetes starts it; it runs until it is asked to end.

Every function returns the process's exit status, and raises OsteoPacsError where the installation is not fit to
start; the message says what to do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from osteo_pacs import log
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.courier import run_courier
from osteo_pacs.db.leader_lock import leader_lock
from osteo_pacs.db.session import Database
from osteo_pacs.housekeeping.rescue import rescuer
from osteo_pacs.housekeeping.schedule import Duty, run_scheduler
from osteo_pacs.receive.completeness import CompletedStudy, complete_due_studies
from osteo_pacs.receive.listener import run_listener
from osteo_pacs.service.preflight import check_before_start
from osteo_pacs.service.stop import SUPERVISED_VARIABLE, stop_on_signal
from osteo_pacs.spool import Spool

COMPLETENESS_EVERY_S = 0.2
RESCUES_PER_LEASE = 6


def run_listener_process(settings: Settings) -> int:
    """Takes studies."""
    with _process("listener", settings) as (database, stop):
        run_listener(settings, database, Spool(settings.spool.directory), stop)
    return 0


def run_worker_process(settings: Settings) -> int:
    """Reads studies."""
    from osteo_pacs.worker.wiring import wired_loop

    with _process("worker", settings) as (database, stop), wired_loop(settings, database) as loop:
        return loop.run(stop)


def run_courier_process(settings: Settings) -> int:
    """Delivers reports."""
    with _process("courier", settings) as (database, stop):
        run_courier(settings, database, stop)
    return 0


def run_scheduler_process(settings: Settings) -> int:
    """Does what the clock calls for."""
    with _process("scheduler", settings) as (database, stop):
        run_scheduler(_duties(settings, database), stop=stop, lock=leader_lock(database, "scheduler"))
    return 0


def _duties(settings: Settings, database: Database) -> list[Duty]:
    jobs = settings.jobs
    rescue = rescuer(database, lease_s=jobs.lease_s, max_attempts=jobs.max_attempts)
    return [
        Duty("completeness", COMPLETENESS_EVERY_S, _completeness(settings, database)),
        Duty("rescue", jobs.lease_s / RESCUES_PER_LEASE, rescue),
    ]


def _completeness(settings: Settings, database: Database) -> Callable[[], int]:
    def log_completed(study: CompletedStudy) -> None:
        log.get_logger().info("study_complete", study_id=study.study_id, complete_reason=study.reason)

    return lambda: complete_due_studies(database, utc_now(), settings.completeness, log_completed)


@contextmanager
def _process(role: str, settings: Settings) -> Iterator[tuple[Database, threading.Event]]:
    """What every process has: its log, a database that was checked, and the event that ends it."""
    name = os.environ.get(SUPERVISED_VARIABLE, role)
    log.configure(level=settings.log.level, form=settings.log.format, process=name)
    check_before_start(settings)
    database = Database(settings.database.url)
    try:
        with stop_on_signal() as stop:
            yield database, stop
    finally:
        database.close()
