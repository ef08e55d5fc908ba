"""How far studies are, on both databases."""

from __future__ import annotations

from rows import NOW, add_jobs, add_study, claim

from osteo_pacs.db.tables import JobKind
from osteo_pacs.jobs import progress, queue
from osteo_pacs.jobs.progress import StudyState


def states(database, **options):
    with database.read() as session:
        return [study.state for study in progress.list_studies(session, limit=10, **options)]


def test_the_newest_reading_of_each_study_tells(database):
    first, second = add_study(database), add_study(database)
    add_jobs(database, study_id=first)
    [taken] = claim(database)
    with database.write() as session:
        queue.complete(session, taken, NOW)
    add_jobs(database, study_id=first)
    add_jobs(database, study_id=second)
    assert states(database) == [StudyState.QUEUED, StudyState.QUEUED]
    claim(database)
    assert states(database) == [StudyState.QUEUED, StudyState.READING]
    assert states(database, states={StudyState.READING}) == [StudyState.READING]


def test_jobs_of_other_kinds_do_not_tell_of_the_reading(database):
    study_id = add_study(database)
    add_jobs(database, study_id=study_id)
    [taken] = claim(database)
    with database.write() as session:
        queue.complete(session, taken, NOW)
    add_jobs(database, study_id=study_id, kind=JobKind.DELIVER, destination="pacs")
    assert states(database) == [StudyState.NOTHING_TO_READ]


def test_pages_are_turned_until_enough_are_found(database, monkeypatch):
    monkeypatch.setattr(progress, "STUDIES_AT_ONCE", 2)
    wanted = [add_study(database) for _ in range(2)]
    for study_id in wanted:
        add_jobs(database, study_id=study_id)
    for _ in wanted:
        claim(database)
    for _ in range(5):
        add_study(database)
    with database.read() as session:
        found = progress.list_studies(session, limit=2, states={StudyState.READING})
    assert [study.study_id for study in found] == wanted[::-1]


def test_a_study_is_found_by_its_whole_uid_alone(database):
    add_study(database)
    with database.read() as session:
        [study] = progress.list_studies(session, limit=1)
        assert progress.find_study(session, study.study_instance_uid) == study
        assert progress.find_study(session, study.study_instance_uid[:-1]) is None
        assert progress.find_study(session, "%") is None
