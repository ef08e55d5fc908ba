"""``osteo-pacs serve``: starts every process of one machine, restarts what dies, ends them by a deadline."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from osteo_pacs import log
from osteo_pacs.config import Settings
from osteo_pacs.config.secrecy import remedy, tells_everyone
from osteo_pacs.db import model_serving
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.jobs.rescue import rescue_worker
from osteo_pacs.jobs.workers import worker_name
from osteo_pacs.service.activity import alerted, audited, died, tell
from osteo_pacs.service.child import REFUSED, Child, Death
from osteo_pacs.service.crash import log_crashes
from osteo_pacs.service.fence import ASSOCIATIONS, LEARNING, forbid
from osteo_pacs.service.fitness import fit_to_serve
from osteo_pacs.service.on_demand import shadow_on_demand
from osteo_pacs.service.presence import present
from osteo_pacs.service.private_files import keep_files_private
from osteo_pacs.service.stop import stop_on_signal
from osteo_pacs.service.trainer_on_demand import TrainerOnDemand

LOOK_EVERY_S = 0.2
SUPERVISOR = "supervisor"


def serve(settings: Settings, config: Path) -> int:
    """Runs until SIGTERM; 0 when every process ended in time, else 1, and 3 when one refused its first start.

    Raises:
        OsteoPacsError: the installation is not fit to start; the message says what to do.
    """
    forbid(LEARNING | ASSOCIATIONS)
    keep_files_private()
    log.configure(level=settings.log.level, form=settings.log.format, process=SUPERVISOR)
    log_crashes()
    with alerted(SUPERVISOR, settings), fit_to_serve(settings):
        _warn_of_open_secret(config, settings)
        return _supervise(children_of(settings), settings, config)


def _supervise(children: list[Child], settings: Settings, config: Path) -> int:
    database = Database(settings.database.url)
    shadow, trainer = shadow_on_demand(database), TrainerOnDemand(settings, database)
    everyone = [*children, shadow.child]
    with stop_on_signal() as stop, audited(SUPERVISOR, database), present(SUPERVISOR, SUPERVISOR, database):
        is_refused = False
        while not (stop.is_set() or is_refused):
            for child in children:
                child.start_if_due(config)
            shadow.follow(config)
            trainer.start_if_wanted(config)
            stop.wait(LOOK_EVERY_S)
            is_refused = _answer_deaths(everyone, database, settings)
    database.close()
    ended_in_time = _end([*everyone, trainer.child], settings.service.shutdown_s)
    return REFUSED if is_refused else 0 if ended_in_time else 1


def children_of(settings: Settings) -> list[Child]:
    """Every process that this machine runs all the time; that of a shadow comes and goes."""
    counts = {
        "listener": settings.listener.processes,
        "worker": settings.worker.processes,
        "courier": 1,
        "scheduler": 1,
    }
    return [Child(role, number) for role, count in counts.items() for number in range(1, count + 1)]


def _answer_deaths(children: Iterable[Child], database: Database, settings: Settings) -> bool:
    """Whether one of them refused to start; such a process would refuse again and again."""
    deaths = [death for child in children if (death := child.note_death())]
    for death in deaths:
        _log_death(death)
        tell(database, died(death.name, death.pid, death.exit_code))
        _rescue_jobs(death, database, settings)
    return any(death.is_refusal for death in deaths)


def _log_death(death: Death) -> None:
    if death.is_refusal:
        log.get_logger().error("process_refused", name=death.name, exit_code=death.exit_code)
    else:
        log.get_logger().error("process_died", name=death.name, exit_code=death.exit_code, seconds=death.restart_s)


def _warn_of_open_secret(config: Path, settings: Settings) -> None:
    if tells_everyone(config, settings):
        log.get_logger().warning("password_readable_by_everyone", path=str(config), remedy=remedy(config))


def _rescue_jobs(death: Death, database: Database, settings: Settings) -> None:
    """What the dead process had claimed need not wait for its lease; no model is read with there any more."""
    try:
        rescue_worker(database, worker_name(death.pid), settings.jobs.max_attempts)
        with database.write() as session:
            model_serving.forget(session, [worker_name(death.pid)])
    except DatabaseUnavailable as error:
        log.get_logger().warning("rescue_left_to_leases", reason=str(error))


def _end(children: list[Child], shutdown_s: float) -> bool:
    for child in children:
        child.ask_to_end()
    deadline_s = time.monotonic() + shutdown_s
    ended = [child.end_by(deadline_s) for child in children]
    log.get_logger().info("stopped", count=len(ended))
    return all(ended)
