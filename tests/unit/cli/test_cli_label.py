from __future__ import annotations

import pytest

from osteo_pacs.cli.choices import LabelName
from osteo_pacs.db.audit import list_records
from osteo_pacs.labels.effective import Says

HEADER = "study,label,reader,date"


@pytest.fixture
def hospital(installation):
    for uid in ("2.25.1", "2.25.2"):
        installation.receive(uid)
    return installation


@pytest.fixture
def write(tmp_path):
    def lines(*rows):
        path = tmp_path / "labels.csv"
        path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
        return path

    return lines


def audited(installation):
    with installation.database.read() as session:
        return [kept.record for kept in list_records(session)]


def test_a_file_is_imported_once(hospital, write):
    path = write("2.25.1,positive,r1,2026-01-01", "2.25.2,negative,r1,2026-01-01", "2.25.9,negative,r1,2026-01-01")
    dry = hospital.json("label", "import", path, "--dry-run")
    assert (dry["added"], dry["would_add"], dry["unmatched"], audited(hospital)) == (0, [2, 3], [4], [])
    assert hospital.json("label", "import", path)["added"] == 2
    again = hospital.json("label", "import", path)
    assert (again["added"], again["known"]) == (0, [2, 3])
    labelled = {one["study_instance_uid"]: one["label"] for one in hospital.json("label", "list")}
    assert labelled == {"2.25.1": "positive", "2.25.2": "negative"}
    assert sorted(record.studies for record in audited(hospital)) == [("2.25.1",), ("2.25.2",)]


def test_a_wrong_line_keeps_the_whole_file_out_unless_told_otherwise(hospital, write):
    path = write("2.25.1,positive,r1,2026-01-01", "2.25.2,perhaps,r1,2026-01-01")
    message = hospital.error("label", "import", path, exit_code=1)
    assert "line 3: the label is none of" in message
    assert "--skip-bad" in message
    assert hospital.json("label", "list") == []
    assert hospital.json("label", "import", path, "--skip-bad", exit_code=1)["added"] == 1
    assert len(hospital.json("label", "list")) == 1


def test_a_conflict_is_listed_until_a_person_resolves_it(hospital, write):
    from datetime import UTC, datetime

    from osteo_pacs.db import labels

    hospital.run("label", "import", write("2.25.1,positive,r1,2026-01-01"))
    with hospital.database.write() as session:
        [(study_id, _)] = labels.find_studies(session, "2.25.1")
        now = datetime(2026, 1, 2, tzinfo=UTC)
        labels.add_label(session, labels.NewLabel(study_id, False, "sr", now, "r2"), now)
    [conflict] = hospital.json("label", "conflicts")
    assert (conflict["label"], conflict["source"]) == ("negative", "sr")
    assert "label resolve 2.25.1" in hospital.lines("label", "show", "2.25.1")[-1]
    hospital.lines("label", "resolve", "2.25.1", "exclude", "--reason", "implant")
    assert hospital.json("label", "conflicts") == []
    shown = hospital.json("label", "show", "2.25.1")
    assert (shown["label"], shown["source"], shown["labels"][-1]["facts"]) == (
        "exclude",
        "hand",
        {"reason": "implant"},
    )
    assert "--reason" in hospital.error("label", "resolve", "2.25.1", "exclude", "--reason", " ", exit_code=2)


def test_what_is_exported_can_be_imported_and_is_known(hospital, write, tmp_path):
    hospital.run("label", "import", write("2.25.1,positive,r1,2026-01-01"))
    hospital.lines("label", "resolve", "2.25.2", "negative", "--reason", "seen again")
    hospital.lines("label", "export", tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().splitlines() == hospital.lines("label", "export")
    again = hospital.json("label", "import", tmp_path / "all.csv")
    assert (again["added"], again["known"]) == (0, [2, 3])


def test_a_study_that_is_not_there_is_said(hospital):
    assert "study list" in hospital.error("label", "show", "2.25.99", exit_code=5)
    assert hospital.json("label", "reread") == {"waiting": 0}


def test_data_sets_are_refused_with_counts_and_found_by_their_number(hospital, write):
    hospital.run("label", "import", write("2.25.1,positive,r1,2026-01-01"))
    message = hospital.error("dataset", "build", exit_code=1)
    assert "each class needs 15" in message
    assert "dataset list" in hospital.error("dataset", "show", "7", exit_code=5)
    assert hospital.json("dataset", "list") == []


def test_labels_are_named_as_the_statements_are():
    assert [*LabelName] == [*Says]
