"""The trainer: takes a training that waits, has a process of its own carry it out, registers what came of it.

::

    trainer = Trainer(settings, database, name, clock)
    while trainer.work_once(stop):      # False: nothing waits
        ...
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from osteo_pacs import log
from osteo_pacs.audit.model_events import training_changed
from osteo_pacs.clock import Clock
from osteo_pacs.config import Settings
from osteo_pacs.db import audit, training_runs
from osteo_pacs.db.session import Database, DatabaseUnavailable, Session
from osteo_pacs.db.training_runs import Outcome, TrainingClaim, TrainingLost, TrainingState
from osteo_pacs.dicom.audit import EventOutcome, EventType
from osteo_pacs.errors import OsteoPacsError, RetryableError
from osteo_pacs.retrain.data_set.checked import find_dataset, open_dataset, require_trainable
from osteo_pacs.retrain.data_set.first import build_first, is_outdated
from osteo_pacs.retrain.registry.adopt import adopt
from osteo_pacs.retrain.registry.place import ACTIVE, bundle_of
from osteo_pacs.retrain.training.background import step_back, threads_of
from osteo_pacs.retrain.training.lineage import Origin, begin_candidate
from osteo_pacs.retrain.training.process import TrainingProcess
from osteo_pacs.retrain.training.tracking import require_tracker, tracking_of
from osteo_pacs.retrain.training.workflow import STOPPED
from osteo_pacs.retrain.training.workspace import Workspace
from osteo_pacs.sealed import open_sealed

TELL_EVERY_S = 1.0


class FolderInUse(RetryableError):
    """Another process works in the folder of this training."""


class StoppedBeforehand(RetryableError):
    """The trainer was asked to end while it built the data set."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process that trains ended: by itself with an exit status, or because it was told to."""

    exit_code: int
    is_cancelled: bool = False
    is_stopped: bool = False


class Trainer:
    """One trainer's work; ``name`` is what its leases are held by."""

    def __init__(self, settings: Settings, database: Database, name: str, clock: Clock) -> None:
        self._installation = settings
        self._settings = settings.training
        self._database = database
        self._name = name
        self._clock = clock

    def work_once(self, stop: threading.Event) -> bool:
        """Carries one training out, as far as it comes before ``stop``; False where none waits."""
        claim = self._claim()
        if claim is None:
            return False
        log.get_logger().info("training_started", training_id=claim.run_id, attempts=claim.lost_leases + 1)
        try:
            self._carry_out(claim, stop)
        except TrainingLost as error:
            log.get_logger().warning("training_lost", training_id=claim.run_id, reason=str(error))
        except FolderInUse as error:
            self._put_back(claim, str(error), is_lost=False)
            stop.wait(self._settings.lease_s)
        except StoppedBeforehand as error:
            self._put_back(claim, str(error), is_lost=False)
        except RetryableError as error:
            log.get_logger().warning("training_waits", training_id=claim.run_id, reason=str(error))
            stop.wait(TELL_EVERY_S)
        except OsteoPacsError as error:
            self._end(claim, Outcome(TrainingState.FAILED, str(error)))
        return True

    def _claim(self) -> TrainingClaim | None:
        with self._database.write() as session:
            for run_id in training_runs.give_up_lost(session, self._settings.max_attempts):
                self._tell_end(session, run_id, TrainingState.FAILED, "it ended its trainers")
            claim = training_runs.claim_training(session, trainer=self._name, lease_s=self._settings.lease_s)
            if claim:
                started = training_changed(claim.run_id, "started", EventType.APPLICATION_START, self._clock())
                audit.append(session, started)
        return claim

    def _carry_out(self, claim: TrainingClaim, stop: threading.Event) -> None:
        workspace = Workspace.of(self._settings.directory, claim.run_id)
        workspace.checkpoints.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(workspace.lock, mode=0o600, blocking=False):
                order, origin = self._prepare(self._with_data_set(claim, workspace, stop), workspace)
                with TrainingProcess(workspace, order) as process:
                    ended = self._follow(claim, workspace, process, stop)
                self._settle(claim, workspace, ended, origin)
        except Timeout as error:
            raise FolderInUse(f"{workspace.folder}.") from error

    def _with_data_set(self, claim: TrainingClaim, workspace: Workspace, stop: threading.Event) -> TrainingClaim:
        """Decides once which data set it is, for whoever goes on with this training, too."""
        if claim.plan.dataset is None and is_outdated(self._database):
            step_back(self._settings.niceness)
            workspace.tell_progress({"phase": "building"})
            keep_up = partial(self._keep_up, claim, workspace, stop)
            folder = build_first(self._installation, self._database, claim.run_id, keep_up)
        else:
            folder = find_dataset(self._database, self._installation, claim.plan.dataset)
        with self._database.write() as session:
            return training_runs.fix_dataset(session, claim, str(folder))

    def _keep_up(self, claim: TrainingClaim, workspace: Workspace, stop: threading.Event) -> None:
        """Between two studies of a data set that is built."""
        if stop.is_set():
            raise StoppedBeforehand
        self._tell_progress(claim, workspace)

    def _prepare(self, claim: TrainingClaim, workspace: Workspace) -> tuple[dict[str, Any], Origin]:
        settings, plan = self._settings, claim.plan
        require_tracker(settings.tracking)
        dataset = open_dataset(Path(str(plan.dataset)))
        require_trainable(dataset, settings.min_cases)
        active = bundle_of(self._database, self._installation, ACTIVE)
        parent = open_sealed(active, self._installation.model.public_key)
        origin = begin_candidate(claim.run_id, plan, parent, dataset, workspace)
        return {
            "plan": asdict(plan),
            "folder": str(workspace.folder),
            "bundle": str(workspace.bundle),
            "checkpoints": str(workspace.checkpoints),
            "dataset": str(dataset.folder),
            "device": settings.device,
            "threads": threads_of(settings.threads),
            "niceness": settings.niceness,
            "lineage": origin.to_dict(),
            "tracking": tracking_of(settings.tracking, settings.tracking_uri, settings.directory, claim.run_id),
        }, origin

    def _follow(
        self, claim: TrainingClaim, workspace: Workspace, process: TrainingProcess, stop: threading.Event
    ) -> Ended:
        """Renews the lease, and tells how far it is, until it ends."""
        while (exit_code := process.exit_code()) is None:
            if self._tell_progress(claim, workspace):
                return Ended(process.stop(), is_cancelled=True)
            if stop.wait(min(TELL_EVERY_S, self._settings.lease_s / 3)):
                return Ended(process.stop(), is_stopped=True)
        return Ended(exit_code)

    def _tell_progress(self, claim: TrainingClaim, workspace: Workspace) -> bool:
        try:
            with self._database.write() as session:
                return training_runs.renew(session, claim, self._settings.lease_s, workspace.read_progress())
        except DatabaseUnavailable as error:
            log.get_logger().warning("heartbeat_failed", reason=str(error), count=1)
            return False

    def _settle(self, claim: TrainingClaim, workspace: Workspace, ended: Ended, origin: Origin) -> None:
        if ended.exit_code == 0:
            facts = origin.to_dict()
            store = self._installation.model_store
            version = adopt(self._database, store, workspace.bundle, origin.lineage, self._clock())
            self._end(claim, Outcome(TrainingState.COMPLETED, None, version.id, facts))
            workspace.clear()
        elif ended.is_cancelled:
            self._end(claim, Outcome(TrainingState.CANCELLED))
            workspace.clear()
        elif ended.is_stopped or ended.exit_code == STOPPED:
            self._put_back(claim, "The trainer was asked to end.", is_lost=False)
        elif ended.exit_code < 0 and claim.lost_leases + 1 < self._settings.max_attempts:
            signalled = f"The process that trains was ended by signal {-ended.exit_code}."
            self._put_back(claim, signalled, is_lost=True)
        else:
            self._end(claim, Outcome(TrainingState.FAILED, _reason(ended, workspace)))

    def _put_back(self, claim: TrainingClaim, reason: str, *, is_lost: bool) -> None:
        with self._database.write() as session:
            training_runs.put_back(session, claim, is_lost=is_lost, reason=reason)
        log.get_logger().warning("training_put_back", training_id=claim.run_id, reason=reason)

    def _end(self, claim: TrainingClaim, outcome: Outcome) -> None:
        with self._database.write() as session:
            training_runs.end_training(session, claim, outcome, self._clock())
            self._tell_end(session, claim.run_id, outcome.state, outcome.reason or "")
        log.get_logger().info(
            "training_ended", training_id=claim.run_id, outcome=outcome.state, reason=outcome.reason
        )

    def _tell_end(self, session: Session, run_id: int, state: TrainingState, reason: str) -> None:
        what = f"{state}: {reason}" if reason else str(state)
        judged = EventOutcome.SERIOUS_FAILURE if state is TrainingState.FAILED else EventOutcome.SUCCESS
        ended = training_changed(run_id, what, EventType.APPLICATION_STOP, self._clock(), outcome=judged)
        audit.append(session, ended)


def _reason(ended: Ended, workspace: Workspace) -> str:
    if ended.exit_code < 0:
        return f"The process that trains was ended by signal {-ended.exit_code}, again."
    broken = workspace.read_error() or f"exit status {ended.exit_code}"
    return f"The process that trains broke ({broken}); {workspace.log} tells more."
