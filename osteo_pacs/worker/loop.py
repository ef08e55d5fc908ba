"""The worker's loop: claim, read, settle; it ends when it is asked to, and for nothing that a study holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from osteo_pacs import log
from osteo_pacs.clock import Clock
from osteo_pacs.config import Settings
from osteo_pacs.db.reports import ReportOutdated
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import JobKind
from osteo_pacs.db.watch import Watch
from osteo_pacs.errors import RetryableError
from osteo_pacs.jobs import queue
from osteo_pacs.jobs.queue import Claim
from osteo_pacs.worker.batch import Attempt
from osteo_pacs.worker.documents import DocumentReader
from osteo_pacs.worker.heartbeat import keep_leases
from osteo_pacs.worker.outcome import Failed, NothingToReport, Reported, failure
from osteo_pacs.worker.ready import Ready
from osteo_pacs.worker.succession import Succession

WAIT_AFTER_TROUBLE_S = 1.0


class Loop:
    """One worker's life between its start and its end."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        succession: Succession,
        documents: DocumentReader,
        name: str,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._database = database
        self._succession = succession
        self._documents = documents
        self._name = name
        self._clock = clock

    def run(self, stop: threading.Event) -> int:
        """Works until ``stop`` is set, 0, or until the device must be opened anew by another process, 1."""
        with closing(Watch(self._database, self._settings.jobs.poll_s)) as watch:
            while not (stop.is_set() or self._is_device_poisoned):
                try:
                    self._succession.follow()
                    has_worked = self._work_once(stop)
                    has_worked |= self._documents.read_due(self._succession.ready.decoder)
                except RetryableError as error:
                    log.get_logger().warning("worker_waits", reason=str(error))
                    stop.wait(WAIT_AFTER_TROUBLE_S)
                    continue
                if not has_worked:
                    watch.wait(stop)
        return 1 if self._is_device_poisoned else 0

    @property
    def _is_device_poisoned(self) -> bool:
        return self._succession.ready.reader.is_device_poisoned

    def _work_once(self, stop: threading.Event) -> bool:
        lease_s = self._settings.jobs.lease_s
        claims = queue.claim(
            self._database,
            kind=JobKind.INFER,
            worker=self._name,
            lease_s=lease_s,
            limit=self._settings.worker.batch_size,
        )
        if claims:
            with keep_leases(self._database, claims, lease_s):
                for batch in batches(claims):
                    self._work_on(batch, stop)
        return bool(claims)

    def _work_on(self, batch: Sequence[Claim], stop: threading.Event) -> None:
        if stop.is_set() or self._is_device_poisoned:
            for claim in batch:
                self._give_back(claim)
            return
        # One version from here to the last settling: what it has read, its number stands with.
        version = self._succession.ready
        for attempt in version.reader.read(batch):
            self._settle(version, attempt)

    def _give_back(self, claim: Claim) -> None:
        try:
            with self._database.write() as session:
                queue.release(session, claim)
        except RetryableError as error:
            # What was lost of one claim must not keep the others.
            log.get_logger().warning("attempt_lost", job_id=claim.job_id, reason=str(error))

    def _settle(self, version: Ready, attempt: Attempt) -> None:
        began = self._clock()
        try:
            settled = _settled(version, attempt, began)
        except RetryableError as error:
            # The lease runs out, and another worker reads the study anew.
            log.get_logger().warning("attempt_lost", job_id=attempt.claim.job_id, reason=str(error))
        else:
            log_attempt(settled, began, self._clock(), parks=version.settler.parks)


def _settled(version: Ready, attempt: Attempt, began: datetime) -> Attempt:
    """The attempt as it was written: one whose study got another report meanwhile has failed."""
    try:
        version.settler.settle(attempt, began)
    except ReportOutdated as error:
        attempt = replace(attempt, outcome=failure(error))
        version.settler.settle(attempt, began)
    return attempt


def batches(claims: Sequence[Claim]) -> Iterator[Sequence[Claim]]:
    """First attempts together; a study that failed before alone, so that it cannot take others down with it."""
    if fresh := [claim for claim in claims if claim.attempts == 1]:
        yield fresh
    for claim in claims:
        if claim.attempts > 1:
            yield [claim]


def log_attempt(
    attempt: Attempt, settled_at: datetime, ended_at: datetime, *, parks: Callable[[Claim, Failed], bool]
) -> None:
    """One wide event for each study."""
    claim = attempt.claim
    facts = {
        "job_id": claim.job_id,
        "study_id": claim.study_id,
        "attempts": claim.attempts,
        "instances": len(attempt.opened.study.judged) if attempt.opened else 0,
        "queued_s": round((claim.claimed_at - claim.enqueued_at).total_seconds(), 3),
        "decode_s": round(attempt.opened.seconds, 3) if attempt.opened else 0.0,
        "predict_s": round(attempt.predict_s, 3),
        "report_s": round(attempt.report_s, 3),
        "commit_s": round((ended_at - settled_at).total_seconds(), 3),
    }
    match attempt.outcome:
        case Reported(result=result):
            log.get_logger().info(
                "study_read", outcome=result.outcome, model_version=result.model.version, **facts
            )
        case NothingToReport(reason):
            log.get_logger().info("study_not_read", reason=reason, **facts)
        case Failed(reason) as failed:
            state = "parked" if parks(claim, failed) else "retry"
            log.get_logger().error("study_failed", reason=reason, state=state, **facts)
