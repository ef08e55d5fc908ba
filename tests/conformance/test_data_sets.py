"""Data sets of labelled studies; on both databases."""

from __future__ import annotations

import json

import pytest

from learning import hospital_at
from learning.installation import NOW
from osteo_pacs.db import data_sets
from osteo_pacs.db.data_sets import SidesChanged
from osteo_pacs.db.retention import facts_of
from osteo_pacs.dicom.audit import EventId
from osteo_pacs.housekeeping.eligibility import Stays, standing
from osteo_pacs.retrain.data_set.build import TooFewCases
from osteo_pacs.retrain.data_set.folder import NoSuchDataSet, data_set_folder
from osteo_pacs.retrain.data_set.parts import Part

PATIENTS = 12


@pytest.fixture
def hospital(database, tmp_path):
    return hospital_at(database, tmp_path)


def datalist(folder):
    return json.loads((folder / "datalist.json").read_text())


def patients(built):
    return {part: {one.patient for one in built.manifest.pictures if one.part is part} for part in Part}


def reasons(built):
    return {reason for _, reason in built.manifest.left_out}


def test_a_data_set_is_built_held_dropped_and_keeps_its_test_patients(hospital):
    studies = hospital.patients(PATIENTS)
    built = hospital.build()
    again = hospital.build()

    # The same content is the same data set.
    assert (again.data_set_id, again.manifest.digest) == (built.data_set_id, built.manifest.digest)
    assert (built.is_new, again.is_new) == (True, False)
    assert [record.event_id for record in hospital.audited()] == [EventId.EXPORT]

    # The list is what the manifest says, and its files are there.
    listed = datalist(built.folder)
    assert sum(map(len, listed.values())) == PATIENTS
    for items in listed.values():
        assert {item["label"] for item in items} == {0, 1}
        assert all((built.folder / item["image"]).is_file() for item in items)

    # It is found by its number and the beginning of its digest, and its studies are held.
    directory = built.folder.parent
    with hospital.database.read() as session:
        for name in (str(built.data_set_id), built.manifest.digest[:8], str(built.folder)):
            assert data_set_folder(session, directory, name) == built.folder
        with pytest.raises(NoSuchDataSet):
            data_set_folder(session, directory, "99")
        assert {standing(facts) for facts in facts_of(session, studies, NOW)} == {Stays.IN_DATA_SET}

    # New patients come; those who were for testing stay so, and nobody changes sides.
    hospital.patients(4, first_seed=100)
    larger = hospital.build()
    before, after = patients(built), patients(larger)
    assert larger.manifest.digest != built.manifest.digest
    assert before[Part.TEST] <= after[Part.TEST]
    assert not (before[Part.TRAINING] | before[Part.VALIDATION]) & after[Part.TEST]

    with hospital.database.write() as session:
        for known in data_sets.list_data_sets(session):
            data_sets.drop_data_set(session, known.id, NOW)
        assert {standing(facts) for facts in facts_of(session, studies, NOW)} == {Stays.LABELLED}
        assert data_sets.list_data_sets(session) == []
    revived = hospital.build()
    assert (revived.data_set_id, revived.is_new) == (larger.data_set_id, True)
    assert patients(revived) == after


def test_what_cannot_be_learned_from_is_left_out_with_its_reason(hospital):
    hospital.patients(PATIENTS)
    nameless = hospital.receive(hospital.spine(50, PatientID=""))
    unread = hospital.receive(hospital.spine(51), is_read=False)
    excluded = hospital.receive(hospital.spine(52))
    for study_id, label in ((nameless, True), (unread, False), (excluded, None)):
        hospital.label(study_id, label)
    built = hospital.build()
    assert sum(map(len, datalist(built.folder).values())) == PATIENTS
    assert {reason.split(",", maxsplit=1)[0] for reason in reasons(built)} == {
        "it has no Patient ID",
        "no image of it was read",
        "it is excluded by its label",
    }


def test_pictures_that_are_sent_twice_stand_once_and_on_one_side(hospital):
    hospital.patients(PATIENTS)
    first = hospital.spine(200)
    same_patient, other_patient, contradicting = (hospital.spine(200) for _ in range(3))
    for number, ds in enumerate((first, same_patient, other_patient), start=1):
        ds.SOPInstanceUID = f"2.25.77{number}"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    other_patient.PatientID, other_patient.StudyInstanceUID = "OTHER", "2.25.778"
    hospital.label(hospital.receive(first), True)
    hospital.receive(same_patient)
    hospital.label(hospital.receive(other_patient), True)
    one = hospital.spine(201)
    hospital.label(hospital.receive(one), True)
    contradicting = hospital.spine(201, PatientID="THIRD", StudyInstanceUID="2.25.779", SOPInstanceUID="2.25.780")
    hospital.label(hospital.receive(contradicting), False)
    built = hospital.build()
    same = [one for one in built.manifest.pictures if pictures_of(built, one.pixel_sha256) > 1]
    assert (len(same), len({one.part for one in same}), len({one.patient for one in same})) == (2, 1, 2)
    assert "the same pixels as another picture of its patient" in reasons(built)
    told = [reason for _, reason in built.manifest.left_out]
    assert told.count("the same pixels have contradicting labels") == 2


def pictures_of(built, pixel_sha256):
    return sum(one.pixel_sha256 == pixel_sha256 for one in built.manifest.pictures)


def test_too_few_cases_or_one_class_alone_are_refused_with_counts_and_minimum(hospital):
    for study_id in hospital.patients(4):
        hospital.label(study_id, True, "sr")
    with pytest.raises(TooFewCases, match=r"4 positive and 0 negative .* each class needs 3"):
        hospital.build()
    assert not any((hospital.folder / "datasets").glob("*"))


def test_a_side_that_another_build_decided_meanwhile_is_not_changed(hospital):
    with hospital.database.write() as session:
        data_sets.add_data_set(session, "a" * 64, {}, [], sides={"p": True}, now=NOW)
    with hospital.database.write() as session, pytest.raises(SidesChanged):
        data_sets.add_data_set(session, "b" * 64, {}, [], sides={"p": False}, now=NOW)
    with hospital.database.read() as session:
        assert data_sets.known_sides(session) == {"p": True}


def test_patients_of_one_picture_stay_together_even_where_that_picture_is_left_out(hospital):
    hospital.patients(PATIENTS)
    for number in range(6):
        shared, ids = 300 + number, (f"A{number}", f"B{number}")
        for place, patient in enumerate(ids):
            seeds = (shared, 400 + 2 * number + place)
            twin, own = (hospital.spine(seed, PatientID=patient) for seed in seeds)
            for kind, ds in enumerate((twin, own)):
                ds.StudyInstanceUID = f"2.25.9{number}{place}{kind}"
                ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.StudyInstanceUID}.1"
            hospital.label(hospital.receive(twin), place == 0)
            hospital.label(hospital.receive(own), True)
    built = hospital.build()
    parts = {one.patient: one.part for one in built.manifest.pictures}
    for number in range(6):
        pair = [hospital.patient_key(f"{letter}{number}") for letter in "AB"]
        assert len({parts[patient] for patient in pair}) == 1
