"""What a person does to the queue, and what they see of it; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rows import NOW, add_jobs, add_study, claim, job
from sqlalchemy import select

from osteo_pacs.clock import utc_now
from osteo_pacs.db import deliveries, model_versions, reports
from osteo_pacs.db.tables import JobKind, JobState, Study
from osteo_pacs.jobs import admin, listing, queue
from osteo_pacs.jobs.filters import JobFilter

MODEL = model_versions.NewModelVersion("spine", "1", "0" * 64, "1" * 64, "2.25.9")
TO_PACS = {"kind": JobKind.DELIVER, "destination": "pacs"}


def parked(database, reason="0xA900"):
    [job_id] = add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        queue.park(session, claimed, reason)
    return job_id


def reported(database, study_id):
    """The DELIVER job of a new report of the study."""
    [job_id] = add_jobs(database, study_id=study_id, **TO_PACS)
    with database.write() as session:
        latest = reports.latest_report(session, study_id)
        new = reports.NewReport(
            study_id=study_id,
            input_digest=f"{job_id:064d}",
            model_version_id=model_versions.register(session, MODEL, NOW),
            outcome="negative",
            probability=0.25,
            created_at=NOW,
            supersedes_id=latest.report_id if latest else None,
        )
        report_id = reports.add_report(session, new, [])
        deliveries.add_delivery(session, report_id=report_id, job_id=job_id, destination="pacs", sr_kinds=[])
    return job_id


def test_a_parked_job_is_retried_with_all_its_attempts(database):
    job_id = parked(database)
    with database.write() as session:
        assert len(admin.retry(session, JobFilter(job_ids=[job_id]), NOW)) == 1
    row = job(database, job_id)
    assert (row.state, row.attempts, row.parked_at, row.enqueued_at) == (JobState.AVAILABLE, 0, None, NOW)
    assert row.last_error == "0xA900"
    [claimed] = claim(database)
    assert (claimed.job_id, claimed.attempts) == (job_id, 1)


def test_a_waiting_job_is_retried_at_once(database):
    add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        queue.retry_at(session, claimed, utc_now() + timedelta(days=1), "PACS down")
    with database.write() as session:
        assert len(admin.retry(session, JobFilter(states=[JobState.RETRYABLE]), utc_now())) == 1
    assert len(claim(database)) == 1


def test_jobs_that_are_claimed_or_done_are_not_retried(database):
    add_jobs(database, 2)
    done, _held = claim(database, limit=2)
    with database.write() as session:
        queue.complete(session, done, NOW)
        assert len(admin.retry(session, JobFilter(), NOW)) == 0


def test_a_worker_loses_a_job_that_is_cancelled(database):
    [job_id] = add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        assert len(admin.cancel(session, JobFilter(job_ids=[job_id]), NOW)) == 1
    assert not queue.heartbeat(database, claimed, 60)
    row = job(database, job_id)
    assert (row.state, row.cancelled_at, row.lease_expires_at) == (JobState.CANCELLED, NOW, None)


def test_what_is_done_is_not_cancelled(database):
    add_jobs(database)
    [claimed] = claim(database)
    with database.write() as session:
        queue.complete(session, claimed, NOW)
        assert len(admin.cancel(session, JobFilter(), NOW)) == 0


def test_a_cancelled_job_can_be_retried(database):
    add_jobs(database)
    with database.write() as session:
        assert len(admin.cancel(session, JobFilter(), NOW)) == 1
    assert claim(database) == []
    with database.write() as session:
        assert len(admin.retry(session, JobFilter(), NOW)) == 1
    assert len(claim(database)) == 1


def test_jobs_of_a_paused_kind_are_not_claimed(database):
    add_jobs(database)
    add_jobs(database, **TO_PACS)
    infer = admin.subject(kind=JobKind.INFER)
    with database.write() as session:
        assert admin.pause(session, infer, NOW) == 1
        assert admin.pause(session, infer, NOW) == 0
    assert claim(database) == []
    assert len(claim(database, kind=JobKind.DELIVER, destinations=["pacs"])) == 1
    with database.write() as session:
        assert admin.resume(session, infer) == 1
        assert admin.resume(session, infer) == 0
    assert len(claim(database)) == 1


def test_a_paused_destination_holds_no_other(database):
    add_jobs(database, **TO_PACS)
    add_jobs(database, kind=JobKind.DELIVER, destination="research")
    with database.write() as session:
        admin.pause(session, admin.subject(destination="pacs"), NOW)
        assert [paused.subject for paused in listing.paused_subjects(session)] == ["destination:pacs"]
    claims = claim(database, kind=JobKind.DELIVER, limit=9, destinations=["pacs", "research"])
    assert [claimed.destination for claimed in claims] == ["research"]


def test_a_pause_is_of_a_kind_or_of_a_destination():
    for both_or_none in ({}, {"kind": JobKind.INFER, "destination": "pacs"}):
        with pytest.raises(ValueError, match="pause"):
            admin.subject(**both_or_none)


def test_a_prioritized_job_is_claimed_first(database):
    _, second = add_jobs(database, 2)
    with database.write() as session:
        assert len(admin.prioritize(session, JobFilter(job_ids=[second]), -5)) == 1
    assert [claimed.job_id for claimed in claim(database)] == [second]


def test_purging_removes_what_has_ended_and_nothing_live(database):
    study_id = add_study(database)
    older, waits = add_jobs(database, 2, study_id=study_id)
    [claimed] = claim(database)
    with database.write() as session:
        queue.complete(session, claimed, NOW)
        assert [job.job_id for job in admin.purge(session, JobFilter())] == [older]
        assert [row.id for row in listing.list_jobs(session)] == [waits]


def test_purging_leaves_the_newest_reading_from_which_its_study_is_told(database):
    job_id = parked(database)
    with database.write() as session:
        assert admin.purge(session, JobFilter(job_ids=[job_id])) == []
        assert [row.id for row in listing.list_jobs(session)] == [job_id]


def test_purging_leaves_the_deliveries_of_the_newest_report_alone(database):
    study_id = add_study(database)
    first = reported(database, study_id)
    second = reported(database, study_id)
    with database.write() as session:
        admin.cancel(session, JobFilter(kind=JobKind.DELIVER), NOW)
        assert [job.job_id for job in admin.purge(session, JobFilter(kind=JobKind.DELIVER))] == [first] != [second]


def test_jobs_are_told_by_how_long_ago_they_ended(database):
    [job_id] = add_jobs(database)
    [other] = add_jobs(database, now=NOW + timedelta(hours=2))
    with database.write() as session:
        admin.cancel(session, JobFilter(job_ids=[job_id]), NOW + timedelta(hours=3))
        for hours, found in ((1, []), (2.5, [other]), (4, [other, job_id])):
            wanted = JobFilter(still_before=NOW + timedelta(hours=hours))
            assert [row.id for row in listing.list_jobs(session, wanted)] == sorted(found, reverse=True)
            assert listing.count_matching(session, wanted) == len(found)


def test_a_filter_means_jobs_for_which_all_of_it_holds(database):
    study_id = add_study(database)
    [infer] = add_jobs(database, study_id=study_id)
    [deliver] = add_jobs(database, study_id=study_id, **TO_PACS)
    add_jobs(database)
    with database.read() as session:
        uid = session.scalars(select(Study.study_instance_uid).where(Study.id == study_id)).one()
        for wanted, found in (
            (JobFilter(study_instance_uid=uid), [deliver, infer]),
            (JobFilter(study_instance_uid=uid, kind=JobKind.INFER), [infer]),
            (JobFilter(destination="pacs"), [deliver]),
            (JobFilter(states=[JobState.PARKED]), []),
            (JobFilter(job_ids=[]), []),
        ):
            assert [row.id for row in listing.list_jobs(session, wanted)] == found


def test_a_listed_job_shows_what_it_is_and_its_last_error(database):
    job_id = parked(database, "not a DXA image")
    with database.read() as session:
        [row] = listing.list_jobs(session)
    assert (row.id, row.kind, row.state, row.destination) == (job_id, JobKind.INFER, JobState.PARKED, None)
    assert (row.attempts, row.priority, row.run_at, row.last_error) == (1, 0, NOW, "not a DXA image")
    assert row.study_instance_uid.startswith("2.25.")


def test_jobs_are_listed_in_pages_newest_first(database):
    job_ids = add_jobs(database, 5)
    with database.read() as session:
        first = [row.id for row in listing.list_jobs(session, limit=3)]
        second = [row.id for row in listing.list_jobs(session, limit=3, before_id=first[-1])]
    assert first + second == job_ids[::-1]


def test_counts_and_backlog_tell_the_queue_s_depth(database):
    parked(database)
    add_jobs(database, 3)
    add_jobs(database, **TO_PACS)
    [claimed] = claim(database)
    with database.write() as session:
        queue.retry_at(session, claimed, utc_now() + timedelta(hours=1), "later")
    with database.read() as session:
        assert listing.count_jobs(session) == {
            (JobKind.INFER, JobState.PARKED): 1,
            (JobKind.INFER, JobState.AVAILABLE): 2,
            (JobKind.INFER, JobState.RETRYABLE): 1,
            (JobKind.DELIVER, JobState.AVAILABLE): 1,
        }
        due = {(JobKind.INFER, None): 2, (JobKind.DELIVER, "pacs"): 1}
        assert listing.backlog(session, utc_now()) == due
        assert listing.backlog(session, utc_now() + timedelta(hours=2)) == due | {(JobKind.INFER, None): 3}


def test_the_oldest_due_job_is_told(database):
    with database.read() as session:
        assert listing.oldest_due_at(session, NOW) is None
    add_jobs(database, now=NOW + timedelta(seconds=5))
    add_jobs(database, now=NOW + timedelta(seconds=3), **TO_PACS)
    with database.read() as session:
        assert listing.oldest_due_at(session, NOW) == NOW + timedelta(seconds=3)
        assert listing.oldest_due_at(session, NOW, JobKind.INFER) == NOW + timedelta(seconds=5)
