from __future__ import annotations

import json

import pydicom
import pytest

from osteo_pacs.phantom.dataset import (
    RARE_CONFOUNDERS,
    Part,
    even_parts,
    standard_parts,
    with_more_of,
    write_dataset,
)

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


def test_in_an_even_training_part_age_and_sex_tell_nothing_of_osteoporosis(tmp_path):
    training, *referred = even_parts(160, 1, 1)
    assert referred == list(standard_parts(160, 1, 1)[1:])
    items = json.loads(write_dataset(tmp_path, (training,)).read_text())["training"]
    for group in (
        {"sex": "M"},
        {"sex": "F"},
        {"age_years": 5},
        {"age_years": 6},
        {"age_years": 7},
        {"age_years": 8},
    ):
        members = [
            item for item in items if group.items() <= {**item, "age_years": item["age_years"] // 10}.items()
        ]
        assert len(members) > 20
        assert 0.25 < sum(item["label"] for item in members) / len(members) < 0.75


def test_an_even_training_part_shows_what_few_patients_have(tmp_path):
    items = json.loads(write_dataset(tmp_path, even_parts(160, 1, 1)[:1]).read_text())["training"]
    seen = [set(item["confounders"]) for item in items]
    assert sum(bool(names & set(RARE_CONFOUNDERS)) for names in seen) > 80
    assert all(sum(name in names for names in seen) >= 5 for name in RARE_CONFOUNDERS)


def test_a_training_part_shows_more_of_what_is_asked_for_and_the_other_parts_stay(tmp_path):
    training, *referred = with_more_of(("dense_vertebra",), even_parts(160, 1, 1))
    assert referred == list(standard_parts(160, 1, 1)[1:])
    items = json.loads(write_dataset(tmp_path, (training,)).read_text())["training"]
    assert 80 < sum("dense_vertebra" in item["confounders"] for item in items) < 125
    assert {item["sex"] for item in items if "dense_vertebra" not in item["confounders"]} == {"F", "M"}
