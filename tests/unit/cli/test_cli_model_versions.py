from __future__ import annotations

import os
import pwd
import socket

import pytest

from bundles import paper_bundle
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.db import gate_decisions, model_serving, model_versions, shadow
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.gate_decisions import NewDecision
from osteo_pacs.infer.trial import TrialFailed
from osteo_pacs.retrain.registry import trial

from .conftest import NOW

PERSON = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


@pytest.fixture
def registry(installation, tmp_path, monkeypatch):
    """Versions 1.0, in service, and 1.1; every trial comes out."""
    text = installation.config.read_text(encoding="utf-8")
    installation.config.write_text(f'{text}[model]\nstore = "models"\n', encoding="utf-8")
    monkeypatch.setattr(trial, "try_bundle", lambda *_: None)
    for version in ("1.0", "1.1"):
        installation.json("model", "import", paper_bundle(tmp_path / version, version))
    installation.lines("model", "promote", "1.0")
    return installation


def states(registry):
    return {each["version"]: each["state"] for each in registry.json("model", "list")}


def audited(registry):
    with registry.database.read() as session:
        return [kept.record for kept in list_records(session)]


def test_an_import_tells_its_lineage_and_who_brought_it(registry, tmp_path):
    other = paper_bundle(tmp_path / "1.2", "1.2")
    words = ("--parent", "1.0", "--dataset", "d" * 64, "--made-by", "train.sh")
    shown = registry.json("model", "import", other, *words)
    assert (shown["version"], shown["state"]) == ("1.2", "candidate")
    lineage = registry.json("model", "show", "1.2")["lineage"]
    parent = registry.json("model", "show", "1.0")["bundle_sha256"]
    assert lineage == {"dataset_sha256": "d" * 64, "parent": parent, "command": "train.sh"}
    record = audited(registry)[0]
    assert "1.2 registered as candidate" in record.description
    assert PERSON in {who.user_id for who in record.participants}


@pytest.mark.parametrize("name", ["1.1", "2", "digest"])
def test_a_version_is_named_by_its_version_its_number_or_its_digest(registry, name):
    digest = registry.json("model", "show", "1.1")["bundle_sha256"]
    assert registry.json("model", "show", digest[:8] if name == "digest" else name)["version"] == "1.1"


def test_a_version_that_is_not_there_names_the_list(registry):
    assert "osteo-pacs model list" in registry.error("model", "show", "9.9", exit_code=ExitCode.NOT_FOUND)


def test_without_the_gate_the_refusal_names_the_command(registry):
    message = registry.error("model", "promote", "1.1", exit_code=1)
    assert "osteo-pacs model gate 1.1" in message
    assert "--override --reason TEXT" in message
    assert states(registry) == {"1.0": "active", "1.1": "candidate"}


@pytest.mark.parametrize("words", [("--override",), ("--reason", "urgent"), ("--override", "--reason", " ")])
def test_an_override_has_a_reason(registry, words):
    assert "--override and --reason" in registry.error("model", "promote", "1.1", *words, exit_code=2)


def test_promoted_by_the_gate_and_rolled_back(registry):
    with registry.database.write() as session:
        gate_decisions.record_decision(session, NewDecision(2, 1, is_passed=True), NOW)
    assert registry.lines("model", "promote", "1.1") == [
        "Model version 1.1 is in service: 0 of 0 workers read with it."
    ]
    assert states(registry) == {"1.0": "retired", "1.1": "active"}
    assert registry.json("model", "rollback")["version"] == "1.0"
    shown = registry.json("model", "show", "1.0")
    assert [each["is_rollback"] for each in shown["activations"]] == [False, True]
    assert [each["is_passed"] for each in registry.json("model", "show", "1.1")["gate"]] == [True]


def test_a_worker_that_is_behind_is_named_and_the_status_tells(registry):
    with registry.database.write() as session:
        now = model_versions.active(session).activated_at
        model_serving.record_serving(session, "host:1", 1, now)
    words = ("model", "promote", "1.1", "--override", "--reason", "a test", "--wait", "0")
    result = registry.run(*words)
    assert result.exit_code == 1
    assert "0 of 1 workers read with it" in result.stdout
    assert "Worker host:1 still reads with 1.0: not yet" in result.stderr
    assert states(registry)["1.1"] == "active"


def test_a_candidate_whose_trial_fails_is_refused(registry, monkeypatch):
    def fail(*_):
        raise TrialFailed("it raised")

    monkeypatch.setattr(trial, "try_bundle", fail)
    message = registry.error("model", "promote", "1.1", "--override", "--reason", "urgent", exit_code=1)
    assert "trial prediction" in message
    assert states(registry)["1.0"] == "active"


def test_a_shadow_comes_and_goes_and_is_told(registry):
    assert registry.lines("model", "shadow", "1.1") == ["Model version 1.1 reads as a shadow."]
    assert [each["is_shadow"] for each in registry.json("model", "list")] == [False, True]
    assert registry.json("model", "shadow", "--off") == {"version": "1.1", "is_shadow": False}
    assert registry.lines("model", "shadow", "--off") == ["No version read as a shadow."]
    ended, began = (record.description for record in audited(registry)[:2])
    assert began.endswith(" 1.1 reads as shadow")
    assert ended.endswith(" 1.1 no longer reads as shadow")
    with registry.database.read() as session:
        assert shadow.current(session) is None


def test_a_candidate_is_retired_and_the_version_in_service_is_not(registry):
    assert registry.lines("model", "retire", "1.1") == ["Retired: model version 1.1."]
    assert "no candidate" in registry.error("model", "retire", "1.0", exit_code=1)


def test_drift_says_when_nothing_was_looked_at(registry):
    assert registry.json("model", "drift") == []
    assert "Nothing was looked at yet" in registry.run("model", "drift").stderr


def test_what_was_trained_on_simulated_images_says_so(registry):
    assert registry.lines("model", "show", "1.0")[-1] == "Trained on simulated images, not for clinical use."
