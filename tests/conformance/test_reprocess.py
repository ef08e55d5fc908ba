"""Studies that a person wants read again, and how they are found; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kept import BUNDLE, FullSpool, Installation
from receipts import NOW
from rows import claim, job

from osteo_pacs.db import instances, model_versions
from osteo_pacs.db.tables import JobKind, JobState
from osteo_pacs.findings import input_digest
from osteo_pacs.jobs import queue
from osteo_pacs.jobs.progress import list_studies
from osteo_pacs.jobs.reprocess import Decision, decide, reprocess
from osteo_pacs.jobs.study_filter import StudyFilter


@pytest.fixture
def installation(database, tmp_path):
    return Installation(database, FullSpool(tmp_path / "spool"))


def active(installation):
    with installation.database.write() as session:
        number = model_versions.register(session, BUNDLE, NOW)
        model_versions.activate(session, number, NOW)
    return number


def again(installation, study_id, *, by=None, again=False):
    """What is decided, and the job."""
    with installation.database.write() as session:
        [done] = reprocess(session, [study_id], active_model_version_id=by, again=again, now=NOW)
        [foreseen] = decide(session, [study_id], active_model_version_id=by, again=again)
    assert foreseen.decision in {done.decision, Decision.QUEUED}
    return done.decision, done.job_id


def repetition(installation, study_id):
    with installation.database.read() as session:
        return instances.study_of(session, study_id).repetition


def test_a_study_that_the_model_in_service_has_read_is_passed_over(installation):
    study_id = installation.delivered()
    assert again(installation, study_id, by=active(installation)) == (Decision.READ_BEFORE, None)
    assert claim(installation.database) == []
    assert repetition(installation, study_id) == 0


def test_it_is_read_again_where_another_report_is_asked_for(installation):
    study_id = installation.delivered()
    decision, job_id = again(installation, study_id, by=active(installation), again=True)
    assert decision is Decision.READ_AGAIN
    assert [(held.job_id, held.study_id) for held in claim(installation.database)] == [(job_id, study_id)]
    assert repetition(installation, study_id) == 1


def test_each_repetition_has_an_input_set_of_its_own():
    names = {input_digest(["2.25.1", "2.25.2"], number) for number in range(3)}
    assert len(names) == 3
    assert input_digest(["2.25.1", "2.25.2"]) in names


def test_a_study_of_another_model_version_is_read_again(installation):
    study_id = installation.delivered()
    assert again(installation, study_id, by=active(installation) + 1)[0] is Decision.READ_AGAIN
    assert repetition(installation, study_id) == 0


def test_a_study_without_a_report_is_read_again(installation):
    study_id = installation.complete(installation.receive())
    installation.job(study_id, "completed")
    assert again(installation, study_id, by=active(installation))[0] is Decision.READ_AGAIN


def test_asking_twice_makes_one_job(installation):
    study_id = installation.delivered()
    assert again(installation, study_id)[0] is Decision.READ_AGAIN
    assert again(installation, study_id, again=True) == (Decision.QUEUED, None)
    assert repetition(installation, study_id) == 0


def test_a_parked_reading_is_taken_up_again(installation):
    study_id = installation.complete(installation.receive())
    parked = installation.job(study_id, "parked")
    assert again(installation, study_id) == (Decision.READ_AGAIN, parked)
    assert job(installation.database, parked).state == JobState.AVAILABLE


def test_a_study_that_is_still_received_is_left_alone(installation):
    assert again(installation, installation.receive()) == (Decision.RECEIVING, None)


def test_a_study_whose_images_are_gone_is_left_alone(installation):
    study_id = installation.delivered()
    installation.keeper(delivered_days=1).carry_out(installation.keeper(delivered_days=1).plan())
    assert again(installation, study_id, again=True) == (Decision.REMOVED, None)


# -- finding studies


def found(installation, **wanted):
    with installation.database.read() as session:
        return [study.study_id for study in list_studies(session, wanted=StudyFilter(**wanted))]


def test_studies_are_found_by_when_they_came(installation):
    first, second = (installation.receive(at=NOW + timedelta(hours=hour)) for hour in (0, 2))
    assert found(installation) == [second, first]
    assert found(installation, since=NOW + timedelta(hours=1)) == [second]
    assert found(installation, until=NOW + timedelta(hours=2)) == [first]
    assert found(installation, since=NOW, until=NOW) == []


def test_studies_are_found_by_what_is_said_of_them(installation):
    first = installation.complete(installation.receive("2.25.1234"))
    second = installation.complete(installation.receive("2.25.777", instances=1))
    installation.job(second, "available")
    [held] = queue.claim(installation.database, kind=JobKind.INFER, worker="w", lease_s=60, limit=1)
    with installation.database.write() as session:
        queue.park(session, held, "The decoder took 100% of its time")
        [row] = instances.instances_of(session, second)
        instances.record_decisions(
            session, [instances.InstanceDecision(row.id, is_selected=False, reason="a hip")]
        )
        instances.record_result_reason(session, first, "no instance is an AP spine image")
    for text, studies in (
        ("25.123", [first]),
        ("DECODER", [second]),
        ("A Hip", [second]),
        ("ap spine", [first]),
        ("100%", [second]),
        ("1_0%", []),
        ("2.25.", [second, first]),
    ):
        assert found(installation, text=text) == studies, text


def test_studies_are_found_by_their_accession_number(installation):
    study_id = installation.receive()
    assert found(installation, accession_number="A1") == [study_id]
    assert found(installation, accession_number="A") == []
