"""How claims are put together, and what the log says of an attempt."""

from datetime import UTC, datetime

from osteo_pacs.db.tables import JobKind
from osteo_pacs.jobs.queue import Claim
from osteo_pacs.worker.loop import batches

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def claim(job_id, attempts=1):
    return Claim(job_id, JobKind.INFER, job_id, None, attempts, attempts, NOW, NOW, NOW)


def ids(claims):
    return [[one.job_id for one in batch] for batch in batches(claims)]


def test_first_attempts_are_read_together():
    assert ids([claim(1), claim(2), claim(3)]) == [[1, 2, 3]]


def test_a_study_that_failed_before_is_read_alone():
    assert ids([claim(1, attempts=2), claim(2), claim(3, attempts=3), claim(4)]) == [[2, 4], [1], [3]]
