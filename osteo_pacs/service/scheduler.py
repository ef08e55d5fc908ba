"""The scheduler's process: does what the clock calls for."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from osteo_pacs import log
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db.leader_lock import leader_lock
from osteo_pacs.db.session import Database
from osteo_pacs.housekeeping.audit_forward import AuditForwarder
from osteo_pacs.housekeeping.drift import drift_watch
from osteo_pacs.housekeeping.rescue import rescuer
from osteo_pacs.housekeeping.retention import retention
from osteo_pacs.housekeeping.retraining import EVERY_S, retraining
from osteo_pacs.housekeeping.schedule import Duty, run_scheduler
from osteo_pacs.labels.effective import LabelRules
from osteo_pacs.receive.completeness import CompletedStudy, complete_studies_until
from osteo_pacs.service.fence import LEARNING
from osteo_pacs.service.process import process

COMPLETENESS_EVERY = timedelta(seconds=0.5)
RESCUES_PER_LEASE = 6


def run(settings: Settings) -> int:
    """Runs until it is asked to end; 0."""
    with process("scheduler", settings, never=LEARNING) as (database, stop):
        run_scheduler(duties(settings, database), stop=stop, lock=leader_lock(database, "scheduler"))
    return 0


def duties(settings: Settings, database: Database) -> list[Duty]:
    """Everything that is done by the clock, with its interval."""
    jobs = settings.jobs
    rescue = rescuer(database, lease_s=jobs.lease_s, max_attempts=jobs.max_attempts)
    audit = settings.audit
    rules = LabelRules.of(settings.labels.precedence, settings.labels.t_score_cut_off)
    return [
        Duty("completeness", COMPLETENESS_EVERY.total_seconds(), _completeness(settings, database)),
        Duty("rescue", jobs.lease_s / RESCUES_PER_LEASE, rescue),
        Duty("retention", settings.retention.every_s, retention(settings, database)),
        Duty("drift", settings.drift.every_s, drift_watch(database, settings.drift, rules, utc_now)),
        *(
            [Duty("retraining", EVERY_S, retraining(database, settings.training))]
            if settings.training.schedule
            else []
        ),
        *([Duty("audit", audit.every_s, AuditForwarder(database, audit))] if audit.host else []),
    ]


def _completeness(settings: Settings, database: Database) -> Callable[[], None]:
    def log_completed(study: CompletedStudy) -> None:
        log.get_logger().info("study_complete", study_id=study.study_id, complete_reason=study.reason)

    def complete() -> None:
        until = utc_now() + COMPLETENESS_EVERY
        complete_studies_until(
            database, until, settings.completeness, log_completed, now=utc_now, sleep=time.sleep
        )

    return complete
