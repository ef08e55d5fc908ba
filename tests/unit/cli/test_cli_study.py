from __future__ import annotations

import pytest

LIST_KEYS = {"study_instance_uid", "state", "instances", "received_at", "complete_reason"}


def state(installation):
    [row] = installation.json("study", "list")
    return row["state"]


def test_without_studies_the_list_is_empty(installation):
    assert installation.json("study", "list") == []


def test_a_row_has_the_fixed_keys(installation):
    study_id = installation.receive("2.25.1", ["2.25.1.1", "2.25.1.2"])
    installation.complete(study_id)
    [row] = installation.json("study", "list")
    assert set(row) >= LIST_KEYS
    assert row["study_instance_uid"] == "2.25.1"
    assert row["instances"] == 2
    assert row["received_at"] == "2026-03-01T12:00:00Z"
    assert row["complete_reason"] == "quiet"


def test_the_latest_study_comes_first(installation):
    for uid in ("2.25.1", "2.25.2", "2.25.3"):
        installation.receive(uid)
    rows = installation.json("study", "list", "--limit", 2)
    assert [row["study_instance_uid"] for row in rows] == ["2.25.3", "2.25.2"]


# -- the states


def test_an_open_study_is_receiving(installation):
    installation.receive("2.25.1")
    assert state(installation) == "receiving"


def test_a_complete_study_is_queued(installation):
    installation.complete(installation.receive("2.25.1"))
    assert state(installation) == "queued"


def test_a_claimed_study_is_reading(installation):
    installation.complete(installation.receive("2.25.1"))
    installation.claim()
    assert state(installation) == "reading"


def test_a_study_without_a_report_had_nothing_to_read(installation):
    installation.complete(installation.receive("2.25.1"))
    installation.end(installation.claim())
    assert state(installation) == "nothing_to_read"


def test_a_study_whose_reading_is_parked_is_parked(installation):
    installation.complete(installation.receive("2.25.1"))
    installation.end(installation.claim(), parked_for="it hung")
    assert state(installation) == "parked"


def test_a_report_on_its_way_is_reported(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.report(study_id, installation.claim(), destinations=["a", "b"])
    installation.end(installation.claim(destinations=["a"]))
    assert state(installation) == "reported"


def test_a_report_that_every_destination_has_is_delivered(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.report(study_id, installation.claim(), destinations=["a", "b"])
    installation.end(installation.claim(destinations=["a"]))
    installation.end(installation.claim(destinations=["b"]))
    assert state(installation) == "delivered"


def test_a_report_that_one_destination_refused_is_parked(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.report(study_id, installation.claim(), destinations=["a", "b"])
    installation.end(installation.claim(destinations=["a"]))
    installation.end(installation.claim(destinations=["b"]), parked_for="0x0122")
    assert state(installation) == "parked"


def test_a_report_without_destinations_stays_reported(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.report(study_id, installation.claim())
    assert state(installation) == "reported"


def test_a_late_instance_opens_the_study_again(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.report(study_id, installation.claim())
    installation.receive("2.25.1", ["2.25.1.2"])
    assert state(installation) == "receiving"
    installation.complete(study_id)
    assert state(installation) == "queued"


# -- filters


def test_the_list_is_filtered_by_state(installation):
    installation.receive("2.25.1")
    installation.complete(installation.receive("2.25.2"))
    rows = installation.json("study", "list", "--state", "queued")
    assert [row["study_instance_uid"] for row in rows] == ["2.25.2"]
    assert len(installation.json("study", "list", "--state", "queued", "--state", "receiving")) == 2


def test_a_filter_looks_beyond_the_latest(installation):
    installation.receive("2.25.1")
    for number in range(2, 6):
        installation.complete(installation.receive(f"2.25.{number}"))
    rows = installation.json("study", "list", "--state", "receiving", "--limit", 1)
    assert [row["study_instance_uid"] for row in rows] == ["2.25.1"]


def test_an_unknown_state_is_wrong_usage_and_names_the_right_ones(installation):
    error = installation.error("study", "list", "--state", "done", exit_code=2)
    assert "done" in error
    assert "nothing_to_read" in error


# -- one study


def test_show_says_what_was_selected_and_why_not(installation):
    study_id = installation.receive("2.25.1", ["2.25.1.1", "2.25.1.2"])
    installation.decide(
        study_id,
        {"2.25.1.1": (True, "ProtocolName 'AP Spine' is an AP spine"), "2.25.1.2": (False, "a femur")},
    )
    shown = installation.json("study", "show", "2.25.1")
    assert set(shown) >= LIST_KEYS - {"instances"}
    assert [(i["sop_instance_uid"], i["selected"], i["reason"]) for i in shown["instances"]] == [
        ("2.25.1.1", True, "ProtocolName 'AP Spine' is an AP spine"),
        ("2.25.1.2", False, "a femur"),
    ]
    assert shown["instances"][0]["sop_class_uid"] == "1.2.840.10008.5.1.4.1.1.1"
    assert shown["reports"] == []
    assert shown["deliveries"] == []


def test_an_instance_that_nothing_has_looked_at_is_neither_selected_nor_not(installation):
    installation.receive("2.25.1")
    [instance] = installation.json("study", "show", "2.25.1")["instances"]
    assert instance["selected"] is None
    assert any("not looked at yet" in line for line in installation.lines("study", "show", "2.25.1"))


def test_show_tells_reports_and_where_they_went(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    first = installation.report(study_id, installation.claim(), destinations=["pacs"])
    installation.end(installation.claim(destinations=["pacs"]), parked_for="0x0122: enable it there")
    installation.complete(study_id)
    second = installation.report(study_id, installation.claim(), outcome="refused", probability=None)
    shown = installation.json("study", "show", "2.25.1")
    keys = ("sop_instance_uid", "outcome", "probability", "model_version", "revision", "supersedes")
    assert [tuple(report[key] for key in keys) for report in shown["reports"]] == [
        (first, "positive", 0.875, "1.2.0", 1, None),
        (second, "refused", None, "1.2.0", 2, first),
    ]
    [delivery] = shown["deliveries"]
    assert (delivery["destination"], delivery["state"], delivery["attempts"], delivery["last_error"]) == (
        "pacs",
        "parked",
        1,
        "0x0122: enable it there",
    )


def test_show_for_people_names_the_next_command(installation):
    study_id = installation.receive("2.25.1")
    installation.complete(study_id)
    installation.report(study_id, installation.claim(), destinations=["pacs"])
    claim = installation.claim(destinations=["pacs"])
    installation.end(claim, parked_for="0x0122: enable it there")
    lines = installation.lines("study", "show", "2.25.1")
    assert lines[0] == "Study 2.25.1"
    assert any("87.5 %" in line and "positive" in line for line in lines)
    assert f"`osteo-pacs queue retry {claim.job_id}`" in lines[-1]


@pytest.mark.parametrize("uid", ["2.25.9", "2.25", "' OR 1=1 --"])
def test_a_study_that_is_not_there_is_told_with_the_next_command(installation, uid):
    installation.receive("2.25.91")
    error = installation.error("study", "show", uid, exit_code=5)
    assert uid in error
    assert "osteo-pacs study list" in error


def test_away_from_a_terminal_a_list_is_tab_separated(installation):
    installation.receive("2.25.1")
    header, row = installation.lines("study", "list")
    assert header.split("\t")[0] == "study_instance_uid"
    assert row.split("\t")[:2] == ["2.25.1", "receiving"]
