"""``study reprocess|forget``, and finding studies."""

from __future__ import annotations

import pytest

from osteo_pacs.db import audit, model_versions


@pytest.fixture
def spool(installation, tmp_path):
    (tmp_path / "spool").mkdir()
    text = installation.config.read_text(encoding="utf-8")
    installation.config.write_text(f'{text}\n[spool]\ndirectory = "{tmp_path}/spool"\n', encoding="utf-8")


@pytest.fixture
def read(installation):
    """A study that the model in service has read."""
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.report(study_id, installation.claim())
    with installation.database.write() as session:
        [version] = model_versions.list_model_versions(session)
        model_versions.activate(session, version.id, version.created_at)


def told(installation):
    with installation.database.read() as session:
        return [kept.record.description for kept in audit.list_records(session, limit=99)]


@pytest.mark.usefixtures("read")
def test_a_study_that_was_read_is_passed_over_and_the_way_out_is_told(installation):
    error = installation.error("study", "reprocess", "2.25.1", exit_code=1)
    assert "its report stands; --again asks for another" in error
    assert installation.json("queue", "list", "--state", "available") == []
    assert told(installation) == []


@pytest.mark.usefixtures("read")
def test_again_reads_it_and_the_trail_says_so(installation):
    [job_id] = [
        study["job_id"] for study in installation.json("study", "reprocess", "2.25.1", "--again")["studies"]
    ]
    assert [row["id"] for row in installation.json("queue", "list", "--state", "available")] == [job_id]
    assert told(installation) == [f"read again for another report: job {job_id}"]


def test_studies_of_a_filter_are_tried_dry(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.end(installation.claim())
    installation.receive("2.25.2")
    found = installation.json("study", "reprocess", "--all", "--dry-run")
    assert found == {
        "would_change": 1,
        "studies": [
            {"study_instance_uid": "2.25.1", "decision": "read_again", "job_id": None},
            {"study_instance_uid": "2.25.2", "decision": "receiving", "job_id": None},
        ],
    }
    assert told(installation) == []
    assert installation.lines("study", "reprocess", "--state", "nothing_to_read") == [
        "1 study will be read again."
    ]


def test_many_studies_are_not_read_again_unasked(installation):
    for number in range(11):
        installation.complete(installation.receive(f"2.25.{number}"))
        installation.end(installation.claim())
    error = installation.error("study", "reprocess", "--all", exit_code=2)
    assert "11 studies would be read again." in error
    assert "`osteo-pacs study reprocess --all --yes` does it" in error
    assert installation.json("study", "reprocess", "--all", "--yes")["changed"] == 11


def test_an_error_does_not_repeat_an_accession_number(installation):
    for number in range(11):
        installation.complete(installation.receive(f"2.25.{number}"))
        installation.end(installation.claim())
    error = installation.error("study", "reprocess", "--text", "25.", "--state", "nothing_to_read", exit_code=2)
    assert "`osteo-pacs study reprocess --state nothing_to_read --text TEXT --yes`" in error


def test_a_study_that_is_not_there_is_told_with_the_next_command(installation):
    assert "osteo-pacs study list" in installation.error("study", "reprocess", "2.25.9", exit_code=5)


@pytest.mark.usefixtures("spool")
def test_forgetting_asks_and_then_leaves_nothing(installation):
    installation.complete(installation.receive("2.25.1"))
    installation.end(installation.claim())
    error = installation.error("study", "forget", "2.25.1", exit_code=2)
    assert "1 study would be removed wholly, for good." in error
    assert "`osteo-pacs study forget 2.25.1 --yes` does it" in error
    assert installation.lines("study", "forget", "2.25.1", "--yes") == ["1 study forgotten."]
    assert installation.json("study", "list") == []
    assert told(installation)[0] == "study removed on request"


@pytest.mark.usefixtures("spool")
def test_a_held_study_is_named_and_goes_by_force_with_a_reason(installation):
    installation.receive("2.25.1")
    error = installation.error("study", "forget", "2.25.1", "--yes", exit_code=1)
    assert "study is held" in error
    assert "2.25.1 is receiving. Wait until it is settled, or give --force and --reason." in error
    assert "go together" in installation.error("study", "forget", "2.25.1", "--yes", "--force", exit_code=2)
    dry = installation.json("study", "forget", "2.25.1", "--dry-run")
    assert dry["studies"] == [{"study_instance_uid": "2.25.1", "standing": "receiving"}]
    gone = installation.json("study", "forget", "2.25.1", "--yes", "--force", "--reason", "sent by mistake")
    assert gone == {"changed": 1, "held": []}


def test_without_a_spool_nothing_is_forgotten(installation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    installation.receive("2.25.1")
    assert "spool" in installation.error("study", "forget", "2.25.1", "--yes", exit_code=5)


def test_nothing_is_meant_by_no_choice(installation):
    assert "--all" in installation.error("study", "reprocess", exit_code=2)
    assert "filter" in installation.error("study", "forget", exit_code=2)


def test_studies_are_listed_by_text_and_time(installation):
    installation.receive("2.25.1")
    installation.receive("2.25.2")
    for options, found in (
        (("--text", "25.2"), ["2.25.2"]),
        (("--since", "2026-03-02"), []),
        (("--until", "2026-03-02", "--text", "dxa"), ["2.25.2", "2.25.1"]),
        (("--accession", "A1"), []),
    ):
        listed = [study["study_instance_uid"] for study in installation.json("study", "list", *options)]
        assert listed == found, options
