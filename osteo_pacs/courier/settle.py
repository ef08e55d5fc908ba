"""What became of a delivery, written together with its job's state in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from osteo_pacs.audit.events import report_sent
from osteo_pacs.audit.record import Participant
from osteo_pacs.config.sections import Jobs
from osteo_pacs.courier.send import SendOutcome, Sent
from osteo_pacs.db.audit import append
from osteo_pacs.db.deliveries import mark_delivered, sent_of
from osteo_pacs.db.session import Database, Session, database_now
from osteo_pacs.db.studies import study_uid
from osteo_pacs.deliver.disposition import Refused, TryAgain
from osteo_pacs.dicom.audit import EventOutcome
from osteo_pacs.dicom.status import Status
from osteo_pacs.jobs.queue import Claim, complete, park, retry_at
from osteo_pacs.jobs.retry import Backoff


@dataclass(frozen=True)
class RetryRules:
    """How a destination is tried again: the waits between attempts, and the whole time from enqueuing on."""

    backoff: Backoff
    give_up_after: timedelta
    random: Random

    @classmethod
    def of(cls, jobs: Jobs) -> RetryRules:
        """The rules in ``[jobs]``."""
        backoff = Backoff(jobs.backoff_s, jobs.max_backoff_s)
        return cls(backoff, timedelta(seconds=jobs.give_up_delivery_after_s), Random())  # noqa: S311 - jitter


def settle(
    database: Database, claim: Claim, outcome: SendOutcome, rules: RetryRules, destination: Participant
) -> None:
    """Writes delivery and job, and where the delivery has ended the audit trail: all or nothing.

    Raises:
        ClaimLost: another courier has the job.
        DatabaseUnavailable: nothing was written; the lease will expire, and the same bytes are sent again.
    """
    with database.write() as session:
        match outcome:
            case Sent():
                _deliver(session, claim, outcome, destination)
            case TryAgain(reason):
                _try_again(session, claim, reason, rules, destination)
            case Refused(reason):
                _give_up(session, claim, reason, f"{reason}; then {_retry_command(claim)}", destination)


def _deliver(session: Session, claim: Claim, sent: Sent, destination: Participant) -> None:
    now = database_now(session)
    warning = None if sent.status == Status.SUCCESS else f"stored with warning {sent.status:#06x}"
    mark_delivered(session, claim.job_id, sent_sop_instance_uid=sent.sop_instance_uid, now=now, warning=warning)
    complete(session, claim, now)
    study, instances = study_uid(session, claim.study_id), sent_of(session, claim.job_id, sent.sop_instance_uid)
    append(session, report_sent(destination, study, instances, now, description=warning or ""))


def _try_again(session: Session, claim: Claim, reason: str, rules: RetryRules, destination: Participant) -> None:
    when = rules.backoff.next_attempt_at(claim.attempts, database_now(session), rules.random)
    if when <= claim.enqueued_at + rules.give_up_after:
        retry_at(session, claim, when, reason)
    else:
        gave_up = f"given up after {claim.attempts} attempts: {reason}"
        told = f"{gave_up}; when it can be reached, {_retry_command(claim)}"
        _give_up(session, claim, gave_up, told, destination)


def _give_up(session: Session, claim: Claim, reason: str, told: str, destination: Participant) -> None:
    park(session, claim, told)
    study, now = study_uid(session, claim.study_id), database_now(session)
    outcome = EventOutcome.SERIOUS_FAILURE
    append(session, report_sent(destination, study, {}, now, outcome=outcome, description=reason))


def _retry_command(claim: Claim) -> str:
    return f"`osteo-pacs queue retry {claim.job_id}`"
