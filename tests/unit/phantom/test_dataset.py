from __future__ import annotations

import json

import pydicom
import pytest

from osteo_pacs.phantom.dataset import (
    RARE_CONFOUNDERS,
    Part,
    even_parts,
    patients_of,
    standard_parts,
    with_more_of,
    write_dataset,
)
from osteo_pacs.phantom.reference import Sex

PARTS = (Part("training", 4, 10, positive_share=0.5), Part("test", 3, 20))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    return folder, json.loads(write_dataset(folder, PARTS).read_text())


def test_every_listed_picture_is_an_ap_spine_of_its_own_patient(written):
    folder, listed = written
    items = [item for part in listed.values() for item in part]
    headers = [pydicom.dcmread(folder / item["image"], stop_before_pixels=True) for item in items]
    assert len({item["patient"] for item in items}) == len({ds.PatientID for ds in headers}) == 7


def test_labels_follow_the_true_t_score(written):
    items = [item for part in written[1].values() for item in part]
    assert all(item["label"] == int(item["t_score"] <= -2.5) for item in items)


def test_one_set_of_parts_gives_the_same_bytes(written, tmp_path):
    folder, _ = written
    write_dataset(tmp_path, PARTS)
    for path in sorted(folder.rglob("*.*")):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_the_share_of_positives_is_as_asked(tmp_path):
    write_dataset(tmp_path, (Part("all", 3, 1, positive_share=1.0), Part("none", 3, 9, positive_share=0.0)))
    listed = json.loads((tmp_path / "datalist.json").read_text())
    assert [item["label"] for item in listed["all"] + listed["none"]] == [1, 1, 1, 0, 0, 0]


def test_standard_parts_share_no_patient():
    parts = standard_parts(900_000, 900_000, 900_000)
    ends = [part.first_seed + part.patients for part in parts]
    assert all(end <= part.first_seed for end, part in zip(ends, parts[1:], strict=False))


def test_the_pictures_of_a_part_are_of_its_patients(written):
    for part in PARTS:
        said = [(item["sex"], item["age_years"], set(item["confounders"])) for item in written[1][part.name]]
        patients = list(patients_of(part))
        assert said == [(one.sex.value, one.age_years, set(one.confounders.names)) for one in patients]


@pytest.fixture(scope="module")
def evenly_drawn():
    return list(patients_of(even_parts(200, 1, 1)[0]))


def test_in_an_even_training_part_age_and_sex_tell_nothing_of_osteoporosis(evenly_drawn):
    by_sex = [[one for one in evenly_drawn if one.sex is sex] for sex in Sex]
    by_decade = [[one for one in evenly_drawn if one.age_years // 10 == decade] for decade in (5, 6, 7, 8)]
    for members in (*by_sex, *by_decade):
        assert len(members) > 30
        assert 0.25 < sum(one.is_osteoporotic for one in members) / len(members) < 0.75


def test_an_even_training_part_shows_what_few_patients_have(evenly_drawn):
    seen = [set(one.confounders.names) for one in evenly_drawn]
    assert sum(bool(names & set(RARE_CONFOUNDERS)) for names in seen) > 100
    assert all(sum(name in names for names in seen) >= 8 for name in RARE_CONFOUNDERS)


def test_a_training_part_shows_more_of_what_is_asked_for():
    training, *_ = with_more_of(("dense_vertebra",), even_parts(100, 1, 1))
    patients = list(patients_of(training))
    assert 50 < sum("dense_vertebra" in one.confounders.names for one in patients) < 80
    assert {one.sex for one in patients if "dense_vertebra" not in one.confounders.names} == set(Sex)


def test_validation_and_test_parts_are_as_they_are_referred_whatever_the_training_part_is():
    even = even_parts(100, 1, 1)
    assert even[1:] == with_more_of(("metal",), even)[1:] == standard_parts(100, 1, 1)[1:]
