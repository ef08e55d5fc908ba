from __future__ import annotations

import json

import pydicom
import pytest

from osteo_pacs.cli.choices import ConfounderName
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.phantom.confounders import CONFOUNDER_NAMES
from terminal import run_on_terminal

SMALL = ("--training", 2, "--validation", 1, "--test", 1)


# -- studies


def test_phantom_writes_the_studies_that_were_asked_for_and_tells_them(run, tmp_path):
    result = run("phantom", "out", "--studies", 2, "--seed", 5, "--kind", "ap-spine", "--json")
    assert result.exit_code == ExitCode.OK, result.output
    told = json.loads(result.stdout)
    assert [study["folder"] for study in told] == ["out/study-000005", "out/study-000006"]
    for study in told:
        [file] = (tmp_path / study["folder"]).glob("*.dcm")
        assert pydicom.dcmread(file).StudyInstanceUID == study["study_instance_uid"]


def test_phantom_for_people_counts_studies_and_instances(run):
    result = run("phantom", "out", "--studies", 2, "--scanner", "hologic", "--kind", "ap-spine", "--kind", "noise")
    assert result.stdout == "2 studies with 4 instances in out\n"


def test_a_kind_that_the_phantom_does_not_know_is_answered_with_those_it_knows(run, tmp_path):
    result = run("phantom", "out", "--kind", "spine")
    assert result.exit_code == ExitCode.FAILED
    assert "Known are: ap-spine" in result.stderr
    assert not (tmp_path / "out").exists()


# -- a data set


def test_a_data_set_has_every_patient_in_the_part_that_was_asked_for(run, tmp_path):
    result = run("phantom-dataset", "out", *SMALL)
    assert result.exit_code == ExitCode.OK, result.output
    assert result.stdout == "4 patients in out, listed in out/datalist.json.\n"
    listed = json.loads((tmp_path / "out/datalist.json").read_text())
    assert {part: len(items) for part, items in listed.items()} == {"training": 2, "validation": 1, "test": 1}
    for item in [item for items in listed.values() for item in items]:
        assert pydicom.dcmread(tmp_path / "out" / item["image"]).PixelData
        assert item["label"] == int(item["t_score"] <= -2.5)


def test_a_data_set_is_told_as_json(run):
    told = json.loads(run("phantom-dataset", "out", *SMALL, "--json").stdout)
    assert told == {"datalist": "out/datalist.json", "patients": {"training": 2, "validation": 1, "test": 1}}


def test_a_data_set_shows_more_of_a_confounder_that_is_asked_for(run, tmp_path):
    options = ("--training", 12, *SMALL[2:], "--more-of", "dense_vertebra", "--more-of", "scoliosis")
    assert run("phantom-dataset", "out", *options).exit_code == ExitCode.OK
    listed = json.loads((tmp_path / "out/datalist.json").read_text())["training"]
    shown = [{"dense_vertebra", "scoliosis"} & set(item["confounders"]) for item in listed]
    assert set().union(*shown) == {"dense_vertebra", "scoliosis"}
    assert sum(map(bool, shown)) >= 5


def test_the_confounders_that_can_be_asked_for_are_those_of_the_phantom():
    assert tuple(ConfounderName) == CONFOUNDER_NAMES


def test_away_from_a_terminal_no_bar_is_drawn(run):
    assert run("phantom-dataset", "out", *SMALL).stderr == ""


def test_on_a_terminal_a_bar_counts_the_patients(tmp_path):
    status, screen = run_on_terminal("phantom-dataset", "out", *SMALL, folder=tmp_path)
    assert status == ExitCode.OK, screen
    assert "Drawing patients" in screen
    assert "4/4" in screen


@pytest.mark.parametrize("options", [("--training", 0), ("--test", 1_000_001), ("--validation", "many")])
def test_a_number_of_patients_that_cannot_be_is_wrong_usage(run, tmp_path, options):
    assert run("phantom-dataset", "out", *options).exit_code == ExitCode.USAGE
    assert not (tmp_path / "out").exists()


def test_a_data_set_does_not_go_where_a_file_lies(run, tmp_path):
    (tmp_path / "out").write_text("mine")
    result = run("phantom-dataset", "out", *SMALL)
    assert result.exit_code == ExitCode.USAGE
    assert (tmp_path / "out").read_text() == "mine"
