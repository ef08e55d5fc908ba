from __future__ import annotations

import os
import pwd
import socket

import pytest
from sqlalchemy import text

from audit_samples import SAMPLES
from audit_schema import parsed
from osteo_pacs.cli import choices
from osteo_pacs.db import audit
from osteo_pacs.dicom.audit import EventId, EventOutcome, EventType

PERSON = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


@pytest.fixture
def filled(installation):
    with installation.database.write() as session:
        audit.append(session, *SAMPLES.values())
    return installation


def records(installation, **wanted):
    with installation.database.read() as session:
        return [kept.record for kept in audit.list_records(session, **wanted)]


def test_options_take_the_names_of_the_standard_s_codes():
    assert [name.upper() for name in choices.AuditEventName] == [event.name for event in EventId]
    assert [name.upper() for name in choices.AuditOutcomeName] == [outcome.name for outcome in EventOutcome]


def test_the_list_begins_with_the_newest(filled):
    rows = filled.json("audit", "list")
    assert [row["position"] for row in rows] == list(range(len(SAMPLES), 0, -1))
    assert rows[-1]["event"] == "application_activity"
    assert rows[-1]["event_type"] == "application_start"
    assert rows[-1]["happened_at"] == "2026-03-01T12:00:00.250000Z"


def test_the_list_is_filtered(filled):
    alerts = filled.json("audit", "list", "--event", "security_alert", "--outcome", "serious_failure")
    assert [row["description"] for row in alerts] == ["x has been changed"]
    assert filled.json("audit", "list", "--since", "2026-03-03") != []
    assert "No events." in filled.run("audit", "list", "--since", "2100-01-01").stderr
    assert len(filled.json("audit", "list", "--limit", 2)) == 2


def test_the_list_names_the_study(filled):
    lines = filled.lines("audit", "list", "--event", "procedure_record")
    assert lines[1].split("\t")[-3:] == [
        "anna@host",
        "cancelled: jobs 7, 9",
        SAMPLES["jobs were changed"].studies[0],
    ]


def test_reading_the_trail_is_an_event_by_the_operating_system_s_user(filled, monkeypatch):
    monkeypatch.setenv("LOGNAME", "someone-else")
    filled.json("audit", "list", "--limit", 3)
    [record] = records(filled, limit=1)
    assert (record.event_id, record.actor) == (EventId.AUDIT_LOG_USED, PERSON)
    assert record.description == "listed 3 events"


def test_whoever_called_sudo_is_told_too(filled, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "anna")
    filled.json("audit", "list")
    assert records(filled, limit=1)[0].participants[0].name == "anna"


def test_a_whole_chain_is_verified_and_its_head_can_be_expected(filled):
    first = filled.json("audit", "verify")
    assert (first["ok"], first["count"], first["broken_at"]) == (True, len(SAMPLES), None)
    filled.json("audit", "list")
    again = filled.json("audit", "verify", "--expect", first["head"])
    assert again["count"] == len(SAMPLES) + 1
    assert again["head"] in filled.lines("audit", "verify")[0]


def test_a_broken_chain_fails_the_command_and_names_the_event(filled):
    with filled.database.write() as session:
        session.execute(text("DROP TRIGGER audit_event_no_update"))
        session.execute(text("UPDATE audit_event SET actor = 'someone else' WHERE position = 4"))
    assert "Event 4 is broken" in filled.error("audit", "verify", exit_code=1)
    broken = filled.json("audit", "verify", exit_code=1)
    assert (broken["ok"], broken["broken_at"]) == (False, 4)
    assert "was changed" in broken["reason"]


def test_a_head_that_is_not_there_fails_the_command(filled):
    assert "hash that was expected" in filled.error("audit", "verify", "--expect", "f" * 64, exit_code=1)


def test_the_trail_is_exported_as_messages_the_oldest_first(filled):
    messages = [parsed(line) for line in filled.lines("audit", "export")]
    assert len(messages) == len(SAMPLES)
    assert messages[0].find("EventIdentification/EventID").get("csd-code") == EventId.APPLICATION_ACTIVITY
    assert records(filled, limit=1)[0].description == f"exported {len(SAMPLES)} events"
    assert filled.lines("audit", "export", "--since", "2100-01-01") == []


# -- what people change


def parked(installation, uid):
    job_id = installation.complete(installation.receive(uid))
    installation.end(installation.claim(), parked_for="it hung")
    return job_id


def test_who_retries_or_cancels_jobs_is_told_for_each_study(installation):
    first, second = parked(installation, "2.25.1"), parked(installation, "2.25.2")
    installation.json("queue", "retry", "--all")
    installation.json("queue", "cancel", second)
    cancelled, *retried = records(installation)
    assert (cancelled.description, cancelled.studies) == (f"cancelled: job {second}", ("2.25.2",))
    assert {record.studies for record in retried} == {("2.25.1",), ("2.25.2",)}
    assert {record.event_id for record in retried} == {EventId.PROCEDURE_RECORD}
    assert {record.actor for record in (cancelled, *retried)} == {PERSON}
    assert f"made due now: job {first}" in {record.description for record in retried}


def test_a_change_that_was_refused_or_changed_nothing_is_not_told(installation):
    job_id = parked(installation, "2.25.1")
    installation.error("queue", "retry", job_id, 999, exit_code=5)
    installation.json("queue", "cancel", "--kind", "deliver")
    assert records(installation) == []


def test_who_pauses_and_resumes_is_told_once(installation):
    for verb in ("pause", "pause", "resume", "resume"):
        installation.json("queue", verb, "--kind", "infer")
    resumed, paused = records(installation)
    assert (paused.event_type, resumed.event_type) == (EventType.APPLICATION_STOP, EventType.APPLICATION_START)
    assert (paused.actor, resumed.actor) == (PERSON, PERSON)


def test_who_upgrades_the_database_is_told(run, tmp_path):
    url = f"sqlite:///{tmp_path}/new.db"
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "{url}"\n')
    assert run("db", "upgrade").exit_code == 0
    assert run("db", "upgrade").exit_code == 0
    listed = run("audit", "list")
    assert listed.stdout.count("database upgraded from empty to") == 1
    assert PERSON in listed.stdout
