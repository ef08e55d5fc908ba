from __future__ import annotations

import pytest

from osteo_pacs.cli import choices
from osteo_pacs.db.tables import JobKind, JobState
from osteo_pacs.jobs.progress import StudyState

ROW_KEYS = {"id", "kind", "state", "study_instance_uid", "attempts", "run_at", "last_error"}
PACS = '[[destinations]]\nname = "pacs"\nhost = "127.0.0.1"\nport = 1\nae_title = "PACS"\n'


def parked(installation, uid="2.25.1", reason="it hung"):
    """A parked INFER job; gives its id."""
    job_id = installation.complete(installation.receive(uid))
    installation.end(installation.claim(), parked_for=reason)
    return job_id


def states(installation):
    return {row["id"]: row["state"] for row in installation.json("queue", "list")}


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (choices.JobKindName, JobKind),
        (choices.JobStateName, JobState),
        (choices.StudyStateName, StudyState),
    ],
)
def test_options_take_the_names_that_the_database_knows(names, values):
    assert [str(name) for name in names] == [str(value) for value in values]


# -- reading


def test_without_jobs_the_list_is_empty(installation):
    assert installation.json("queue", "list") == []
    assert "No jobs." in installation.run("queue", "list").stderr


def test_a_row_has_the_fixed_keys(installation):
    job_id = parked(installation)
    [row] = installation.json("queue", "list")
    assert set(row) >= ROW_KEYS
    assert (row["id"], row["kind"], row["state"]) == (job_id, "infer", "parked")
    assert (row["study_instance_uid"], row["attempts"], row["last_error"]) == ("2.25.1", 1, "it hung")
    assert row["run_at"] == "2026-03-01T12:00:00Z"


def test_the_list_is_filtered(installation):
    study_id = installation.receive("2.25.1")
    infer = installation.complete(study_id)
    installation.report(study_id, installation.claim(), destinations=["a", "b"])
    other = installation.complete(installation.receive("2.25.2"))

    def ids(*options):
        return [row["id"] for row in installation.json("queue", "list", *options)]

    assert ids("--kind", "infer") == [other, infer]
    assert ids("--state", "completed") == [infer]
    assert ids("--state", "completed", "--state", "available", "--kind", "infer") == [other, infer]
    assert len(ids("--destination", "a")) == 1
    assert len(ids("--study", "2.25.1")) == 3
    assert ids("--limit", 1) == [other]


def test_show_tells_one_job(installation):
    job_id = parked(installation)
    assert set(installation.json("queue", "show", job_id)) >= ROW_KEYS
    lines = installation.lines("queue", "show", job_id)
    assert "last error: it hung" in lines
    assert lines[-1] == f"Next: `osteo-pacs queue retry {job_id}`."


def test_a_job_that_is_not_there_is_told_with_the_next_command(installation):
    assert "osteo-pacs queue list" in installation.error("queue", "show", 7, exit_code=5)


# -- retry and cancel


def test_a_parked_job_is_retried_by_its_number(installation):
    job_id = parked(installation)
    assert installation.json("queue", "retry", job_id) == {"changed": 1}
    [row] = installation.json("queue", "list")
    assert (row["state"], row["attempts"]) == ("available", 0)


def test_retry_all_takes_parked_jobs_and_leaves_cancelled_ones(installation):
    first, second = parked(installation, "2.25.1"), parked(installation, "2.25.2")
    third = parked(installation, "2.25.3")
    installation.json("queue", "cancel", third)
    assert installation.lines("queue", "retry", "--all") == ["2 jobs made due now."]
    assert states(installation) == {first: "available", second: "available", third: "cancelled"}


def test_a_cancelled_job_is_retried_where_it_is_meant(installation):
    job_id = parked(installation)
    for selection in ([job_id], ["--state", "cancelled"]):
        installation.json("queue", "cancel", job_id)
        assert installation.json("queue", "retry", *selection) == {"changed": 1}


def test_retry_by_filter_leaves_the_others(installation):
    first, second = parked(installation, "2.25.1"), parked(installation, "2.25.2")
    assert installation.json("queue", "retry", "--study", "2.25.2") == {"changed": 1}
    assert states(installation) == {first: "parked", second: "available"}


def test_cancel_stops_what_waits_and_what_is_being_done(installation):
    waiting = installation.complete(installation.receive("2.25.1"))
    claimed = installation.complete(installation.receive("2.25.2"))
    installation.claim()
    assert installation.lines("queue", "cancel", "--all") == ["2 jobs cancelled."]
    assert states(installation) == {waiting: "cancelled", claimed: "cancelled"}


def test_the_study_of_a_cancelled_job_is_cancelled(installation):
    installation.json("queue", "cancel", installation.complete(installation.receive("2.25.1")))
    assert installation.json("study", "list")[0]["state"] == "cancelled"


def test_a_job_that_cannot_be_changed_so_is_named_with_its_state_and_fails_the_command(installation):
    done = installation.complete(installation.receive("2.25.1"))
    installation.end(installation.claim())
    other = parked(installation, "2.25.2")
    error = installation.error("queue", "retry", done, other, done, exit_code=1)
    assert error == f"Job {done} is completed, and stays so.\n"
    assert states(installation) == {done: "completed", other: "available"}


@pytest.mark.parametrize("command", ["retry", "cancel"])
def test_a_job_that_has_changed_already_is_named_with_its_state(installation, command):
    job_id = parked(installation)
    installation.lines("queue", command, job_id)
    [(_, state)] = states(installation).items()
    assert installation.error("queue", command, job_id, exit_code=1) == f"Job {job_id} is {state}, and stays so.\n"


def test_when_one_number_is_wrong_nothing_is_changed(installation):
    job_id = parked(installation)
    assert "job 999" in installation.error("queue", "retry", job_id, 999, exit_code=5)
    assert states(installation) == {job_id: "parked"}


@pytest.mark.parametrize("command", ["retry", "cancel"])
@pytest.mark.parametrize("selection", [[], ["--all", "--kind", "infer"], ["1", "--all"]])
def test_a_change_needs_either_a_choice_or_all(installation, command, selection):
    installation.complete(installation.receive("2.25.1"))
    assert "--all" in installation.error("queue", command, *selection, exit_code=2)
    assert set(states(installation).values()) == {"available"}


# -- pause and resume


def test_a_paused_kind_is_shown_and_resumed(installation):
    installation.complete(installation.receive("2.25.1"))
    assert installation.json("queue", "pause", "--kind", "infer") == {"subject": "infer", "changed": 1}
    assert installation.json("queue", "list")[0]["is_paused"] is True
    assert "Paused: infer jobs." in installation.run("queue", "list").stderr
    with pytest.raises(IndexError):
        installation.claim()
    assert installation.lines("queue", "resume", "--kind", "infer") == ["Resumed: infer jobs."]
    assert installation.json("queue", "list")[0]["is_paused"] is False
    installation.claim()


def test_a_destination_is_paused_by_its_name(installation):
    installation.config.write_text(installation.config.read_text() + PACS)
    assert installation.lines("queue", "pause", "--destination", "pacs") == ["Paused: jobs for pacs."]
    assert "Paused: jobs for pacs." in installation.run("queue", "list").stderr
    assert installation.lines("queue", "pause", "--destination", "pacs") == ["Paused already: jobs for pacs."]
    assert installation.lines("queue", "resume", "--destination", "pacs") == ["Resumed: jobs for pacs."]
    assert installation.lines("queue", "resume", "--destination", "pacs") == ["Not paused: jobs for pacs."]


def test_a_destination_that_is_not_configured_cannot_be_paused(installation):
    installation.config.write_text(installation.config.read_text() + PACS)
    assert "pacs" in installation.error("queue", "pause", "--destination", "pax", exit_code=5)


@pytest.mark.parametrize("selection", [[], ["--kind", "infer", "--destination", "pacs"]])
def test_a_pause_needs_a_kind_or_a_destination(installation, selection):
    assert "either a kind or a destination" in installation.error("queue", "pause", *selection, exit_code=2)
