"""What changes many jobs is counted first, can be tried dry, and is not done unasked."""

from __future__ import annotations

import json
import threading

import pytest
from typer.testing import CliRunner

from osteo_pacs.cli import app, asking, queue_pauses
from osteo_pacs.db import audit
from osteo_pacs.jobs.listing import paused_subjects

MANY = asking.WITHOUT_ASKING + 1


@pytest.fixture
def many(installation):
    """More jobs than are changed without asking."""
    return [installation.complete(installation.receive(f"2.25.{number}")) for number in range(MANY)]


@pytest.fixture
def at_a_terminal(monkeypatch):
    """Somebody is there to answer."""
    monkeypatch.setattr(asking, "_can_answer", lambda: True)


def rows(installation):
    return {row["id"]: (row["state"], row["priority"]) for row in installation.json("queue", "list")}


def told(installation):
    """What the audit trail says of jobs, and who did it."""
    with installation.database.read() as session:
        return [(kept.record.description, kept.record.actor) for kept in audit.list_records(session, limit=99)]


def answer(installation, word, *arguments):
    return CliRunner().invoke(app, ["--config", str(installation.config), *arguments], input=word)


@pytest.mark.parametrize("command", ["retry", "cancel", "prioritize", "purge"])
@pytest.mark.usefixtures("many")
def test_a_dry_run_counts_and_changes_nothing(installation, command):
    before = rows(installation)
    state = () if command != "retry" else ("--state", "available")
    found = installation.json("queue", command, "--all" if not state else "--kind=infer", *state, "--dry-run")
    count = MANY if command in {"cancel", "prioritize"} else 0
    assert found["would_change"] == count
    assert len(found["jobs"]) == count
    assert rows(installation) == before
    assert told(installation) == []


@pytest.mark.usefixtures("many")
def test_a_dry_run_says_so(installation):
    lines = installation.lines("queue", "cancel", "--all", "--dry-run")
    assert lines[-1] == f"{MANY} jobs would be cancelled. Nothing was changed."
    assert len(lines) == MANY + 2


@pytest.mark.usefixtures("many")
def test_without_a_terminal_many_jobs_are_left_alone_and_the_command_is_told(installation):
    error = installation.error("queue", "cancel", "--kind", "infer", "--older-than", "1d", exit_code=2)
    assert f"{MANY} jobs would be cancelled." in error
    assert "`osteo-pacs queue cancel --kind infer --older-than 86400s --yes` does it" in error
    assert {state for state, _ in rows(installation).values()} == {"available"}


@pytest.mark.usefixtures("many", "at_a_terminal")
def test_as_json_nobody_is_asked_either(installation):
    result = installation.run("queue", "cancel", "--all", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stderr)["error"]["type"] == "NotConfirmed"


@pytest.mark.parametrize(("word", "changed"), [("y\n", True), ("n\n", False), ("", False)])
@pytest.mark.usefixtures("many", "at_a_terminal")
def test_a_person_is_asked_with_the_count(installation, word, changed):
    result = answer(installation, word, "queue", "cancel", "--all")
    assert f"{MANY} jobs would be cancelled. Go on? [y/N]" in result.stderr
    assert ({state for state, _ in rows(installation).values()} == {"cancelled"}) is changed


def test_yes_and_numbers_are_not_asked_about(installation, many):
    assert installation.json("queue", "prioritize", *many) == {"changed": MANY}
    assert installation.json("queue", "cancel", "--all", "--yes") == {"changed": MANY}


def test_a_prioritized_job_comes_first_and_the_trail_says_who_did_it(installation, many):
    assert installation.lines("queue", "prioritize", many[3], "--priority", -5) == ["1 job given priority -5."]
    assert rows(installation)[many[3]] == ("available", -5)
    assert installation.claim().job_id == many[3]
    [(description, actor)] = told(installation)
    assert description == f"given priority -5: job {many[3]}"
    assert "@" in actor


def test_what_has_ended_is_not_prioritized(installation):
    job_id = installation.complete(installation.receive("2.25.1"))
    installation.end(installation.claim())
    error = installation.error("queue", "prioritize", job_id, exit_code=1)
    assert f"Job {job_id} is completed, and waits for nothing." in error


def test_purging_takes_completed_and_cancelled_jobs_and_parked_ones_where_they_are_meant(installation):
    study_id = installation.receive("2.25.1")
    completed, parked, newest = (installation.complete(study_id) for _ in range(3))
    installation.end(installation.claim())
    installation.end(installation.claim(), parked_for="it hung")
    assert installation.json("queue", "purge", "--all") == {"changed": 1}
    assert set(rows(installation)) == {parked, newest} != {completed}
    assert installation.json("queue", "purge", "--state", "parked", "--older-than", "0s") == {"changed": 1}
    assert set(rows(installation)) == {newest}


def test_a_job_that_tells_how_its_study_stands_is_not_purged(installation):
    job_id = installation.complete(installation.receive("2.25.1"))
    installation.end(installation.claim())
    error = installation.error("queue", "purge", job_id, exit_code=1)
    assert "tells how its study stands" in error


def test_an_age_without_a_unit_is_refused(installation):
    assert "30d, 12h, 15m or 90s" in installation.error("queue", "list", "--older-than", "30", exit_code=2)


# -- drain


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(queue_pauses, "LOOK_EVERY_S", 0.01)


def paused(installation):
    with installation.database.read() as session:
        return [pause.subject for pause in paused_subjects(session)]


@pytest.mark.usefixtures("many", "quick")
def test_a_drained_queue_begins_nothing_and_is_resumed_as_a_whole(installation):
    drained = installation.json("queue", "drain")
    assert drained == {"subjects": ["infer", "deliver"], "is_drained": True, "left": []}
    assert sorted(paused(installation)) == ["deliver", "infer"]
    assert all(row["is_paused"] for row in installation.json("queue", "list"))
    assert installation.json("queue", "resume", "--all")["changed"] == 2
    assert paused(installation) == []
    assert [description for description, _ in told(installation)] == [
        "queue lane deliver resumed",
        "queue lane infer resumed",
        "queue lane deliver paused",
        "queue lane infer paused",
    ]


@pytest.mark.usefixtures("quick")
def test_draining_waits_for_what_was_begun(installation, monkeypatch):
    installation.complete(installation.receive("2.25.1"))
    held, looks = installation.claim(), []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            installation.end(held)
        threading.Event().wait(seconds)

    monkeypatch.setattr(queue_pauses.time, "sleep", sleep)
    assert "Drained" in installation.lines("queue", "drain", "--kind", "infer")[-1]
    assert len(looks) >= 3 + queue_pauses.QUIET_LOOKS


@pytest.mark.usefixtures("quick")
def test_what_does_not_end_in_time_is_named(installation):
    job_id = installation.complete(installation.receive("2.25.1"))
    installation.claim()
    error = installation.error("queue", "drain", "--timeout-s", 0, exit_code=1)
    assert f"Job {job_id} (infer) is still with w." in error
    assert sorted(paused(installation)) == ["deliver", "infer"]


def test_an_unknown_destination_is_not_drained(installation):
    assert "no [[destinations]]" in installation.error("queue", "drain", "--destination", "x", exit_code=5)
    assert paused(installation) == []


def test_resuming_takes_one_or_all(installation):
    assert "by --all" in installation.error("queue", "resume", exit_code=2)
    assert installation.lines("queue", "resume", "--all") == ["Nothing was paused."]
