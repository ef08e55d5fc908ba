"""How claims are put together, and what becomes of a batch of which some claims are lost."""

import threading
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace

import pytest
from rows import add_jobs, expire, job
from structlog.testing import capture_logs

from databases import database
from osteo_pacs.config import Settings
from osteo_pacs.db.reports import ReportOutdated
from osteo_pacs.db.tables import JobKind
from osteo_pacs.jobs import queue, rescue
from osteo_pacs.jobs.queue import Claim, ClaimLost
from osteo_pacs.jobs.retry import Backoff
from osteo_pacs.worker.batch import Attempt
from osteo_pacs.worker.loop import Loop, batches
from osteo_pacs.worker.outcome import Failed, NothingToReport
from osteo_pacs.worker.settle import Settler as RealSettler

__all__ = ["database"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def claim(job_id, attempts=1):
    return Claim(job_id, JobKind.INFER, job_id, None, attempts, attempts, NOW, NOW, NOW)


def ids(claims):
    return [[one.job_id for one in batch] for batch in batches(claims)]


def test_first_attempts_are_read_together():
    assert ids([claim(1), claim(2), claim(3)]) == [[1, 2, 3]]


def test_a_study_that_failed_before_is_read_alone():
    assert ids([claim(1, attempts=2), claim(2), claim(3, attempts=3), claim(4)]) == [[2, 4], [1], [3]]


class Reader:
    """Reads nothing; ``before`` happens while it does."""

    is_device_poisoned = False

    def __init__(self, before=lambda: None):
        self._before = before

    def read(self, claims):
        self._before()
        return [Attempt(one, None, NothingToReport("nothing")) for one in claims]


class Settler:
    """Settles as the queue would, where a study has got another report and its claim was lost."""

    def __init__(self, outdated_study):
        self._outdated_study = outdated_study
        self.settled = []

    def settle(self, attempt, _now):
        if attempt.claim.study_id == self._outdated_study:
            raise ClaimLost if isinstance(attempt.outcome, Failed) else ReportOutdated
        self.settled.append(attempt.claim.job_id)

    def parks(self, _claim, failed):
        return failed.is_permanent


def loop(database, reader, settler):
    succession = SimpleNamespace(ready=SimpleNamespace(reader=reader, settler=settler))
    return Loop(
        settings=Settings(), database=database, succession=succession, documents=None, name="w", clock=lambda: NOW
    )


@on_sqlite
def test_a_claim_that_was_lost_to_a_newer_report_does_not_cost_the_batch_its_others(database):
    jobs = [add_jobs(database)[0] for _ in range(3)]
    settler = Settler(job(database, jobs[0]).study_id)
    with capture_logs() as events:
        assert loop(database, Reader(), settler)._work_once(threading.Event())
    assert settler.settled == jobs[1:]
    assert [event["job_id"] for event in events if event["event"] == "attempt_lost"] == jobs[:1]


@on_sqlite
def test_at_the_stop_every_claim_that_is_still_held_is_given_back(database):
    lost, held = (add_jobs(database)[0] for _ in range(2))
    stop = threading.Event()
    stop.set()
    worker = loop(database, Reader(), Settler(None))
    claims = queue.claim(database, kind=JobKind.INFER, worker="w", lease_s=60, limit=2)
    expire(database, lost)
    queue_again(database, lost)
    worker._work_on(claims, stop)
    assert job(database, held).state == "available"
    assert job(database, lost).claimed_by == "another"


def queue_again(database, job_id):
    """Another worker takes the job over."""

    rescue.rescue_expired(database, max_attempts=9)
    [taken] = queue.claim(database, kind=JobKind.INFER, worker="another", lease_s=60, limit=1)
    assert taken.job_id == job_id


class Broken(Reader):
    """Every attempt fails, for a while."""

    def read(self, claims):
        return [Attempt(one, None, Failed("no", is_permanent=False)) for one in claims]


@on_sqlite
@pytest.mark.parametrize(("max_attempts", "told", "state"), [(1, "parked", "parked"), (2, "retry", "retryable")])
def test_the_log_tells_what_the_queue_does_with_a_study_that_failed(database, max_attempts, told, state):
    [job_id] = add_jobs(database)
    chance = Random(1)  # noqa: S311 - jitter
    settler = RealSettler(
        database, model_version_id=1, backoff=Backoff(1, 1), max_attempts=max_attempts, random=chance
    )
    with capture_logs() as events:
        loop(database, Broken(), settler)._work_once(threading.Event())
    assert [event["state"] for event in events if event["event"] == "study_failed"] == [told]
    assert job(database, job_id).state == state
