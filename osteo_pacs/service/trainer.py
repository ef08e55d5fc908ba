"""A trainer's process: trains, behind everything else on the machine."""

from __future__ import annotations

import threading

from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db.session import DatabaseUnavailable
from osteo_pacs.jobs.workers import worker_name
from osteo_pacs.log import get_logger
from osteo_pacs.retrain.training.trainer import Trainer
from osteo_pacs.service.fence import ASSOCIATIONS
from osteo_pacs.service.process import process

LOOK_EVERY_S = 5.0


def run(settings: Settings, *, until_idle: bool = False) -> int:
    """Runs until it is asked to end, or until no training waits where ``until_idle`` says so; 0."""
    with process("trainer", settings, never=ASSOCIATIONS) as (database, stop):
        trainer = Trainer(settings, database, worker_name(), utc_now)
        while not stop.is_set():
            if not _work_once(trainer, stop):
                if until_idle:
                    break
                stop.wait(LOOK_EVERY_S)
    return 0


def _work_once(trainer: Trainer, stop: threading.Event) -> bool:
    try:
        return trainer.work_once(stop)
    except DatabaseUnavailable as error:
        get_logger().warning("trainer_waits", reason=str(error))
        stop.wait(LOOK_EVERY_S)
        return True
