from __future__ import annotations

import os
import pwd
import socket

import pytest

from osteo_pacs.cli import retention
from osteo_pacs.db import deliveries
from osteo_pacs.db.audit import list_records
from osteo_pacs.dicom.audit import EventId

PERSON = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
KEYS = "[retention]\ndelivered_days = 30\n"


@pytest.fixture
def aged(installation):
    """The installation with an age for delivered studies; its studies are older than that."""
    text = installation.config.read_text(encoding="utf-8")
    spool = installation.config.parent / "spool"
    spool.mkdir(mode=0o700)
    installation.config.write_text(f'{text}[spool]\ndirectory = "{spool}"\n{KEYS}', encoding="utf-8")
    return installation


def deliver(installation, uid="2.25.1"):
    study_id = installation.receive(uid)
    installation.complete(study_id)
    installation.report(study_id, installation.claim(), destinations=["pacs"])
    claim = installation.claim(destinations=["pacs"])
    with installation.database.write() as session:
        deliveries.mark_delivered(session, claim.job_id, sent_sop_instance_uid="2.25.9", now=claim.claimed_at)
    installation.end(claim)
    return study_id


def audited(installation):
    with installation.database.read() as session:
        return [kept.record for kept in list_records(session)]


def test_the_plan_tells_what_would_go_and_why_and_what_stays_and_why(aged):
    deliver(aged, "2.25.1")
    aged.receive("2.25.2", ["2.25.2.1", "2.25.2.2"])
    plan = aged.json("retention", "plan")
    [going] = plan["going"]
    assert going == {
        "study_instance_uid": "2.25.1",
        "what": "instances",
        "because": "age",
        "state": "delivered",
        "active_at": going["active_at"],
        "instances": 1,
        "size_bytes": 384_000,
    }
    assert plan["staying"] == [{"reason": "receiving", "studies": 1, "size_bytes": 768_000}]
    assert plan["size_bytes"] == 384_000
    assert plan["low_free_bytes"] < plan["high_free_bytes"]


def test_the_plan_is_a_table_for_people(aged):
    deliver(aged)
    lines = aged.lines("retention", "plan")
    assert lines[0].split("\t")[:3] == ["what", "because", "state"]
    assert lines[1].split("\t")[:3] == ["instances", "age", "delivered"]
    assert "Would go: 1 study, 0.4 MiB." in lines[-1]


@pytest.mark.parametrize("words", [("plan",), ("run", "--dry-run")])
def test_looking_changes_nothing(aged, words):
    deliver(aged)
    first, second = (aged.json("retention", *words) for _ in range(2))
    assert [going["instances"] for going in first["going"]] == [1]
    assert second["going"] == first["going"]
    assert audited(aged) == []


def test_a_run_does_what_the_plan_says_and_the_study_shows_it(aged):
    deliver(aged)
    gone = aged.json("retention", "run")
    assert (gone["studies"], gone["instances"], gone["size_bytes"]) == (1, 1, 384_000)
    assert aged.json("retention", "plan")["going"] == []
    [instance] = aged.json("study", "show", "2.25.1")["instances"]
    assert instance["removed_at"]
    assert any("1 of 1 were removed from the spool" in line for line in aged.lines("study", "show", "2.25.1"))


def test_whoever_lets_studies_go_is_told_with_each(aged):
    deliver(aged)
    aged.json("retention", "run")
    [record] = audited(aged)
    assert (record.event_id, record.studies) == (EventId.STUDY_DELETED, ("2.25.1",))
    assert (record.actor, record.source) == (PERSON, f"cli@{socket.gethostname()}")
    aged.json("retention", "run")
    assert audited(aged) == [record]


def test_many_studies_do_not_go_without_a_word(aged, monkeypatch):
    monkeypatch.setattr(retention, "WITHOUT_ASKING", 1)
    for uid in ("2.25.1", "2.25.2"):
        deliver(aged, uid)
    message = aged.error("retention", "run", exit_code=2)
    assert "--yes" in message
    assert "Would go: 2 studies" in message
    assert len(aged.json("retention", "plan")["going"]) == 2
    assert aged.lines("retention", "run", "--yes")[-1].startswith("2 instances of 2 studies removed")


def test_looking_for_a_spool_that_is_not_there_does_not_make_it(aged):
    spool = aged.config.parent / "spool"
    spool.rmdir()
    assert str(spool) in aged.error("retention", "plan", exit_code=5)
    assert not spool.exists()
