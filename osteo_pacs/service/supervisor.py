"""``osteo-pacs serve``: starts every process of one machine, restarts what dies, ends them by a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path

from osteo_pacs import log
from osteo_pacs.config import Settings
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.jobs.rescue import rescue_worker
from osteo_pacs.jobs.workers import worker_name
from osteo_pacs.service.activity import alerted, audited, died, tell
from osteo_pacs.service.child import Child, Death
from osteo_pacs.service.preflight import check_before_start
from osteo_pacs.service.stop import stop_on_signal

LOOK_EVERY_S = 0.2
SUPERVISOR = "supervisor"


def serve(settings: Settings, config: Path) -> int:
    """Runs until SIGTERM; 0 when every process ended in time, else 1.

    Raises:
        OsteoPacsError: the installation is not fit to start; the message says what to do.
    """
    log.configure(level=settings.log.level, form=settings.log.format, process=SUPERVISOR)
    with alerted(SUPERVISOR, settings):
        check_before_start(settings, creates_empty_sqlite=True)
    database = Database(settings.database.url)
    with stop_on_signal() as stop, audited(SUPERVISOR, database):
        return _supervise(settings, config, database, stop)


def _supervise(settings: Settings, config: Path, database: Database, stop: threading.Event) -> int:
    children = children_of(settings)
    while not stop.is_set():
        for child in children:
            child.start_if_due(config)
        stop.wait(LOOK_EVERY_S)
        _answer_deaths(children, database, settings)
    return _end(children, settings.service.shutdown_s)


def children_of(settings: Settings) -> list[Child]:
    """Every process that this machine runs."""
    counts = {
        "listener": settings.listener.processes,
        "worker": settings.worker.processes,
        "courier": 1,
        "scheduler": 1,
    }
    return [Child(role, number) for role, count in counts.items() for number in range(1, count + 1)]


def _answer_deaths(children: Iterable[Child], database: Database, settings: Settings) -> None:
    for child in children:
        if death := child.note_death():
            log.get_logger().error(
                "process_died", name=death.name, exit_code=death.exit_code, seconds=death.restart_s
            )
            tell(database, died(death.name, death.pid, death.exit_code))
            _rescue_jobs(death, database, settings)


def _rescue_jobs(death: Death, database: Database, settings: Settings) -> None:
    """What the dead process had claimed need not wait for its lease to run out."""
    try:
        rescue_worker(database, worker_name(death.pid), settings.jobs.max_attempts)
    except DatabaseUnavailable as error:
        log.get_logger().warning("rescue_left_to_leases", reason=str(error))


def _end(children: list[Child], shutdown_s: float) -> int:
    for child in children:
        child.ask_to_end()
    deadline_s = time.monotonic() + shutdown_s
    ended = [child.end_by(deadline_s) for child in children]
    log.get_logger().info("stopped", count=len(ended))
    return 0 if all(ended) else 1
