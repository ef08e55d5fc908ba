"""Model versions and labels; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rows import NOW, add_study
from sqlalchemy import event

from osteo_pacs.db import labels, model_versions
from osteo_pacs.db.model_versions import ModelState, NewModelVersion

FIRST = NewModelVersion("spine", "1.0", "a" * 64, "b" * 64, "2.25.1", {"threshold": 0.5})
SECOND = replace(FIRST, version="1.1", bundle_sha256="c" * 64)


def test_registering_a_bundle_twice_makes_one_version(database):
    with database.write() as session:
        first = model_versions.register(session, FIRST, NOW)
        assert model_versions.register(session, FIRST, NOW) == first
        assert model_versions.register(session, SECOND, NOW) != first
        [known, _] = model_versions.list_model_versions(session)
    assert (known.version, known.state, known.facts) == ("1.0", ModelState.CANDIDATE, {"threshold": 0.5})


def test_at_most_one_version_is_active(database):
    later = NOW + timedelta(hours=1)
    with database.write() as session:
        assert model_versions.active(session) is None
        first, second = (model_versions.register(session, bundle, NOW) for bundle in (FIRST, SECOND))
        model_versions.activate(session, first, NOW)
        model_versions.activate(session, second, later)
        model_versions.activate(session, second, later + timedelta(hours=1))
        assert model_versions.active(session).version == "1.1"
        retired, active = model_versions.list_model_versions(session)
    assert (retired.state, retired.retired_at) == (ModelState.RETIRED, later)
    assert (active.state, active.activated_at, active.retired_at) == (ModelState.ACTIVE, later, None)


def test_a_retired_version_comes_back(database):
    with database.write() as session:
        first, second = (model_versions.register(session, bundle, NOW) for bundle in (FIRST, SECOND))
        for model_version_id in (first, second, first):
            model_versions.activate(session, model_version_id, NOW)
        assert model_versions.active(session).id == first


def test_labels_are_added_beside_each_other(database):
    study_id = add_study(database)
    by_reader = labels.NewLabel(study_id, is_positive=True, source="sr", author="r1", labelled_at=NOW)
    by_scanner = labels.NewLabel(
        study_id, is_positive=False, source="t_score", labelled_at=NOW - timedelta(days=1), facts={"t_score": -1.0}
    )
    with database.write() as session:
        for label in (by_reader, by_scanner):
            labels.add_label(session, label, NOW)
        labels.add_label(session, replace(by_reader, study_id=add_other_study(session)), NOW)
        found = labels.list_labels(session, study_id)
        assert sum(len(study.labels) for study in labels.labelled_studies(session)) == 3
    assert [(label.source, label.is_positive) for label in found] == [("t_score", False), ("sr", True)]
    assert found[0].facts == {"t_score": -1.0}


def add_other_study(session):
    from osteo_pacs.db.tables import Study

    study = Study(study_instance_uid="2.25.7.7", received_at=NOW, opened_at=NOW, last_received_at=NOW)
    session.add(study)
    session.flush()
    return study.id


def test_a_study_that_is_labelled_while_the_labelled_ones_are_read_is_there_at_the_next_reading(
    postgresql_database,
):
    first, second = add_study(postgresql_database), add_study(postgresql_database)
    said = [
        labels.NewLabel(study_id, is_positive=True, source="sr", author="r1", labelled_at=NOW)
        for study_id in (first, second)
    ]
    with postgresql_database.write() as session:
        labels.add_label(session, said[0], NOW)

    def label_the_second(*_):
        with postgresql_database.write() as session:
            labels.add_label(session, said[1], NOW)

    with postgresql_database.read() as session:
        event.listen(session.connection(), "after_cursor_execute", label_the_second, once=True)
        assert [study.study_id for study in labels.labelled_studies(session)] == [first]
    with postgresql_database.read() as session:
        assert [study.study_id for study in labels.labelled_studies(session)] == [first, second]
