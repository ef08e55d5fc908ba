"""What the database keeps of an attempt, and what the queue does next: one transaction, both or neither."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from random import Random

from osteo_pacs.db import deliveries, instances, reports
from osteo_pacs.db.reports import NewReport
from osteo_pacs.db.session import Database, Session
from osteo_pacs.db.tables import JobKind
from osteo_pacs.findings import StudyResult
from osteo_pacs.jobs import queue
from osteo_pacs.jobs.retry import Backoff
from osteo_pacs.worker.batch import Attempt
from osteo_pacs.worker.outcome import Failed, NothingToReport, Reported


class Settler:
    """Writes the outcomes of one worker's attempts."""

    def __init__(
        self, database: Database, *, model_version_id: int, backoff: Backoff, max_attempts: int, random: Random
    ) -> None:
        self._database = database
        self._model_version_id = model_version_id
        self._backoff = backoff
        self._max_attempts = max_attempts
        self._random = random

    def settle(self, attempt: Attempt, now: datetime) -> None:
        """Ends the attempt.

        Raises:
            ClaimLost: another worker has the job; nothing was written.
            ReportOutdated: the study got another report meanwhile; nothing was written.
        """
        claim = attempt.claim
        with self._database.write() as session:
            if attempt.opened:
                instances.record_decisions(session, attempt.opened.study.decisions)
            match attempt.outcome:
                case Reported() as reported:
                    instances.record_result_reason(session, claim.study_id, None)
                    self._add_report(session, attempt, reported, now)
                    queue.complete(session, claim, now)
                case NothingToReport(reason):
                    instances.record_result_reason(session, claim.study_id, reason)
                    queue.complete(session, claim, now)
                case Failed() as failed:
                    self._fail(session, claim, failed, now)

    def parks(self, claim: queue.Claim, failed: Failed) -> bool:
        """Whether a person is needed: another attempt would fail too, or there were enough."""
        return failed.is_permanent or claim.attempts >= self._max_attempts

    def _add_report(self, session: Session, attempt: Attempt, reported: Reported, now: datetime) -> None:
        assert attempt.opened is not None  # noqa: S101 - a report comes of an opened study alone
        study_id, result = attempt.claim.study_id, reported.result
        new = NewReport(
            study_id=study_id,
            input_digest=attempt.opened.study.input_digest,
            model_version_id=self._model_version_id,
            outcome=result.outcome,
            probability=result.probability,
            created_at=now,
            supersedes_id=reported.supersedes_id,
            readings=_readings(result),
        )
        report_id = reports.add_report(session, new, reported.documents)
        for order in reported.orders:
            job_id = queue.enqueue(
                session,
                kind=JobKind.DELIVER,
                study_id=study_id,
                dedupe_key=f"deliver:{report_id}:{order.destination}",
                now=now,
                destination=order.destination,
            )
            assert job_id is not None  # noqa: S101 - the report is new, so is the key
            deliveries.add_delivery(
                session,
                report_id=report_id,
                job_id=job_id,
                destination=order.destination,
                sr_kinds=order.sr_kinds,
                other_kinds=order.companions,
            )

    def _fail(self, session: Session, claim: queue.Claim, failed: Failed, now: datetime) -> None:
        if self.parks(claim, failed):
            queue.park(session, claim, failed.reason)
        else:
            when = self._backoff.next_attempt_at(claim.attempts, now, self._random)
            queue.retry_at(session, claim, when, failed.reason)


def _readings(result: StudyResult) -> dict[str, object]:
    """What the report says of each image, as JSON."""
    return {
        "findings": [asdict(finding) for finding in result.findings],
        "refusals": [asdict(refusal) for refusal in result.refusals],
    }
