"""Retraining by the clock: a training is queued when enough labels have come. To promote stays a person's act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from osteo_pacs.audit.model_events import training_changed
from osteo_pacs.clock import utc_now
from osteo_pacs.config.training import Training
from osteo_pacs.db import audit, labels, training_runs
from osteo_pacs.db.session import Database
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.dicom.audit import EventType
from osteo_pacs.log import get_logger

EVERY_S = 60.0
SCHEDULE = "schedule"
"""Who asks for such a training."""


def queue_when_due(database: Database, now: datetime, settings: Training) -> int | None:
    """Queues a training where one is due, and returns its number.

    It is due within the window, when enough studies were labelled since the last training was queued, and when
    none waits or runs.
    """
    if not (settings.schedule and is_within(settings.schedule_window, now)):
        return None
    with database.write() as session:
        since = training_runs.last_asked_at(session)
        new = labels.labelled_since(session, since)
        if new < settings.schedule_min_new_labels or training_runs.is_busy(session):
            return None
        plan = TrainingPlan(command=f"{SCHEDULE}: {new} studies labelled")
        training = training_runs.add_training(session, plan, SCHEDULE, now)
        what, kind = f"asked for by the schedule: {new} studies labelled", EventType.APPLICATION_START
        audit.append(session, training_changed(training, what, kind, now))
    get_logger().info("training_due", training_id=training, count=new)
    return training


def is_within(window: str, now: datetime) -> bool:
    """Whether a time lies in a window of the local day, as ``22:00-05:00``; its beginning does, its end not."""
    begin, end = (time.fromisoformat(part) for part in window.split("-"))
    local = now.astimezone().time()
    return begin <= local < end if begin < end else local >= begin or local < end


def retraining(database: Database, settings: Training) -> Callable[[], None]:
    """The duty."""

    def queue() -> None:
        queue_when_due(database, utc_now(), settings)

    return queue
