"""A claim reads the head of an index, however many jobs there are; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rows import NOW, add_jobs, add_study, claim
from sqlalchemy import insert, text

from osteo_pacs.db.tables import Job, JobKind, JobState
from osteo_pacs.jobs import lanes

MANY = 2_000


def add_many(database, study_id, state, *, destination="pacs", run_at=NOW):
    """Thousands of deliveries in one state."""
    row = {
        "kind": JobKind.DELIVER,
        "state": state,
        "study_id": study_id,
        "destination": destination,
        "run_at": run_at,
        "created_at": NOW,
        "enqueued_at": NOW,
        "completed_at": NOW if state == JobState.COMPLETED else None,
    }
    with database.write() as session:
        session.execute(
            insert(Job), [row | {"dedupe_key": f"{state} {destination} {number}"} for number in range(MANY)]
        )


@pytest.fixture(params=["analysed", "unanalysed"])
def crowded(request, database):
    """A queue with many jobs that are done, that wait, and that are due: here and for another destination."""
    study_id = add_study(database)
    add_many(database, study_id, JobState.COMPLETED)
    add_many(database, study_id, JobState.RETRYABLE, run_at=NOW + timedelta(days=10_000))
    add_many(database, study_id, JobState.AVAILABLE)
    add_many(database, study_id, JobState.AVAILABLE, destination="down")
    if request.param == "analysed":
        with database.write() as session:
            session.execute(text("ANALYZE"))
    return database


def plan(database, statement) -> str:
    """The plan of a statement, as the database words it."""
    words = str(statement.compile(dialect=database.engine.dialect, compile_kwargs={"literal_binds": True}))
    with database.read() as session:
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        return "\n".join(str(row[-1]) for row in session.connection().exec_driver_sql(explain + words))


def walks_in_order(words, index):
    """Whether a plan reads an index in its own order, and nothing else."""
    return index in words and not any(sorting in words for sorting in ("B-TREE", "Sort", "Seq Scan", "SCAN job"))


def test_a_claim_walks_its_indexes_in_their_order(crowded):
    due = plan(crowded, lanes.DUE.params(kind="deliver", lane="pacs", limit=8))
    assert walks_in_order(due, "ix_job_due"), due
    waiting = plan(crowded, lanes.WAITING.params(kind="deliver", lane="pacs", now=NOW, limit=8))
    assert walks_in_order(waiting, "ix_job_waiting"), waiting
    [urgent] = add_jobs(crowded, kind=JobKind.DELIVER, destination="pacs", priority=-1)
    [claimed] = claim(crowded, kind=JobKind.DELIVER, destinations=["pacs"])
    assert claimed.job_id == urgent


def test_a_plan_without_the_index_is_told_apart(database):
    with database.write() as session:
        session.execute(text("DROP INDEX ix_job_due"))
    words = plan(database, lanes.DUE.params(kind="deliver", lane="pacs", limit=8))
    assert not walks_in_order(words, "ix_job_due")
