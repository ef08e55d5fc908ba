"""``status``: how the service is, told from the database and the disk."""

from __future__ import annotations

import time

import pytest

from osteo_pacs.cli import status as status_command
from osteo_pacs.clock import utc_now
from osteo_pacs.db import model_versions, presence
from osteo_pacs.db.presence import Process
from osteo_pacs.db.tables import Presence
from osteo_pacs.jobs import queue
from terminal import run_on_terminal

PACS = '[[destinations]]\nname = "pacs"\nhost = "127.0.0.1"\nport = 1\nae_title = "PACS"\n'


def announce(installation, name="worker-1", worker="host:1", *, seen_ago=None):
    with installation.database.write() as session:
        presence.announce(session, Process(worker, name, name.rpartition("-")[0], "0.1.0"))
        if seen_ago:
            session.get_one(Presence, worker).seen_at = utc_now() - seen_ago


def reported(installation, uid="2.25.1", destinations=("pacs",)):
    study_id = installation.receive(uid, now=utc_now())
    installation.complete(study_id)
    installation.report(study_id, installation.claim(), destinations=destinations, now=utc_now())


def test_an_empty_installation_says_what_to_do(installation):
    shown = installation.json("status")
    assert shown["processes"] == []
    assert shown["model"] is None
    assert shown["attention"] == ["The service is not running: `osteo-pacs serve` starts it."]


def test_processes_are_there_until_they_fall_silent(installation):
    announce(installation)
    announce(installation, "listener-1", "host:2", seen_ago=presence.SILENT_AFTER * 2)
    shown = installation.json("status")
    assert [(one["name"], one["is_silent"]) for one in shown["processes"]] == [
        ("listener-1", True),
        ("worker-1", False),
    ]
    assert any(sentence.startswith("listener-1 (host:2) is silent") for sentence in shown["attention"])
    assert "There is no courier: `osteo-pacs courier` starts one." in shown["attention"]


def test_a_process_that_died_is_left_out_once_its_successor_is_there(installation):
    announce(installation, worker="host:1", seen_ago=presence.SILENT_AFTER * 2)
    announce(installation, worker="host:2")
    assert [one["worker"] for one in installation.json("status")["processes"]] == ["host:2"]


def test_the_queue_and_what_was_done_are_counted(installation):
    installation.config.write_text(installation.config.read_text() + PACS)
    reported(installation)
    installation.complete(installation.receive("2.25.2", now=utc_now()))
    shown = installation.json("status")
    assert shown["queue"]["infer"]["states"]["available"] == 1
    assert shown["queue"]["infer"]["oldest_due_at"] == "2026-03-01T12:00:00Z"
    assert shown["queue"]["deliver"]["states"]["available"] == 1
    assert shown["throughput"]["studies_received"] == {"minute": 2, "hour": 2, "day": 2}
    assert shown["throughput"]["reports_written"]["minute"] == 1
    assert shown["throughput"]["reports_delivered"]["day"] == 0


def test_a_destination_that_takes_nothing_is_told_with_its_error(installation):
    installation.config.write_text(installation.config.read_text() + PACS)
    reported(installation)
    held = installation.claim(destinations=["pacs"])
    with installation.database.write() as session:
        queue.retry_at(session, held, utc_now().replace(year=2099), "The connection was refused.")
    [pacs] = installation.json("status")["destinations"]
    assert (pacs["state"], pacs["failing"], pacs["last_error"]) == ("failing", 1, "The connection was refused.")
    assert pacs["next_attempt_at"].startswith("2099")
    text = installation.run("status").stdout
    assert "pacs takes no reports: The connection was refused. `osteo-pacs doctor` asks it." in text
    assert "failing, tries again in" in text
    installation.json("queue", "pause", "--destination", "pacs")
    [pacs] = installation.json("status")["destinations"]
    assert pacs["state"] == "paused"


def test_parked_jobs_and_pauses_need_a_person(installation):
    installation.complete(installation.receive("2.25.1"))
    installation.end(installation.claim(), parked_for="it hung")
    installation.json("queue", "pause", "--kind", "infer")
    shown = installation.json("status")
    assert [error["last_error"] for error in shown["errors"]] == ["it hung"]
    assert [pause["subject"] for pause in shown["paused"]] == ["infer"]
    assert "1 job is parked: `osteo-pacs queue list --state parked`." in shown["attention"]
    assert any("queue resume --all" in sentence for sentence in shown["attention"])


def test_the_model_in_service_is_told_with_what_it_was_trained_on(installation):
    """Whatever bundle the configuration names: a promoted version is another one."""
    for version, is_demonstration in (("9.0.0", True), ("9.1.0", False)):
        facts = {"is_demonstration": is_demonstration}
        digest = version[2] * 64
        new = model_versions.NewModelVersion("spine", version, digest, digest, f"2.25.{version[2]}", facts)
        with installation.database.write() as session:
            model_versions.activate(session, model_versions.register(session, new, utc_now()), utc_now())
        model = installation.json("status")["model"]
        assert (model["version"], model["is_demonstration"]) == (version, is_demonstration)
        told = "trained on simulated images, not for clinical use" in installation.run("status").stdout
        assert told is is_demonstration


def test_space_is_told_against_its_marks(installation, tmp_path):
    (tmp_path / "spool").mkdir()
    text = installation.config.read_text(encoding="utf-8")
    huge = 10**9
    spool = f'[spool]\ndirectory = "{tmp_path}/spool"\nmin_free_mib = {huge}\n'
    installation.config.write_text(text + spool, encoding="utf-8")
    shown = installation.json("status")
    assert 0 < shown["disk"]["free_bytes"] < shown["disk"]["min_free_bytes"] == huge << 20
    assert shown["disk"]["database_bytes"] > 0
    assert any("retention plan" in sentence for sentence in shown["attention"])


def test_away_from_a_terminal_there_is_no_colour(installation):
    assert "\x1b" not in installation.run("status").stdout


def test_on_a_terminal_it_is_drawn(installation, tmp_path):
    status, sent = run_on_terminal("--config", installation.config, "status", folder=tmp_path)
    assert status == 0
    assert "\x1b[1mprocesses" in sent


def test_live_looks_again_until_it_is_interrupted(installation, monkeypatch):
    looks = []

    def interrupted(seconds):
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(status_command, "time", type("Clock", (), {"sleep": staticmethod(interrupted)}))
    assert installation.run("status", "--live", "--every-s", 1).exit_code == 130
    assert looks == [1.0, 1.0]
    assert time.sleep is not interrupted


def test_live_is_not_for_programs(installation):
    assert "JSON is printed once" in installation.error("status", "--live", "--json", exit_code=2)
    with pytest.raises(AssertionError):
        installation.json("status", "--live")
