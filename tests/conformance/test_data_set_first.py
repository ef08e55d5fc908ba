"""Which data set a training takes that names none; on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from learning import hospital_at
from learning.installation import NOW
from osteo_pacs.db import data_sets, labels, training_runs
from osteo_pacs.db.labels import NewLabel
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.retrain.data_set.first import build_first, is_outdated

PATIENTS = 12


@pytest.fixture
def hospital(database, tmp_path):
    return hospital_at(database, tmp_path)


def label_later(hospital, study_id):
    later = NOW + timedelta(days=1)
    with hospital.database.write() as session:
        labels.add_label(session, NewLabel(study_id, is_positive=True, source="csv", labelled_at=later), later)


def test_labels_that_came_since_the_newest_data_set_outdate_it(hospital):
    assert not is_outdated(hospital.database), "there is nothing to build of"
    [first, *_] = hospital.patients(PATIENTS)
    assert is_outdated(hospital.database), "labels, and no data set"
    hospital.build()
    assert not is_outdated(hospital.database)
    label_later(hospital, first)
    assert is_outdated(hospital.database)


def test_a_dropped_data_set_counts_as_none(hospital):
    hospital.patients(PATIENTS)
    built = hospital.build()
    with hospital.database.write() as session:
        data_sets.drop_data_set(session, built.data_set_id, NOW)
    assert is_outdated(hospital.database)


def test_what_was_built_for_a_training_has_every_label_and_is_audited_with_it(hospital):
    hospital.patients(PATIENTS)
    seen = []
    folder = build_first(hospital.settings(), hospital.database, 7, lambda: seen.append(1))
    assert len(seen) == PATIENTS
    listed = json.loads((folder / "datalist.json").read_text())
    assert sum(map(len, listed.values())) == PATIENTS
    assert not is_outdated(hospital.database)
    [record] = [one for one in hospital.audited() if "data set 1 built" in one.description]
    assert "training-7" in [participant.user_id for participant in record.participants]


def test_who_takes_a_training_over_goes_on_with_its_data_set(database):
    with database.write() as session:
        now = training_runs.database_now(session)
        number = training_runs.add_training(session, TrainingPlan(), "schedule", now)
        claim = training_runs.claim_training(session, trainer="one", lease_s=60)
        assert training_runs.fix_dataset(session, claim, "/srv/set").plan.dataset == "/srv/set"
        training_runs.put_back(session, claim, is_lost=False)
    with database.write() as session:
        claim = training_runs.claim_training(session, trainer="two", lease_s=60)
        assert (claim.run_id, claim.plan.dataset) == (number, "/srv/set")
