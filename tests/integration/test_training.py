"""Trainings through the program itself: queued, carried out by trainers that are killed, cancelled, refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from databases import opened, url_at_head
from osteo_pacs.cli import app
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.gate_decisions import latest_decision
from osteo_pacs.dicom.audit import EventId
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.manifest import verify_manifest
from osteo_pacs.phantom.dataset import Part, write_dataset
from peers.polling import until

QUICK = ("--epochs", "2", "--batch-size", "4", "--from", "scratch")
STARTS_WITHIN_S = 200


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """Eight simulated patients for each part, half of them osteoporotic."""
    folder = tmp_path_factory.mktemp("dataset")
    parts = [Part(name, 8, first, positive_share=0.5) for name, first in PARTS]
    write_dataset(folder, parts)
    return folder


PARTS = (("training", 11_000), ("validation", 12_000), ("test", 13_000))


class Trainings:
    """An installation whose trainers are started and killed by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.url = url_at_head("sqlite", folder)
        self.config.write_text(
            f'[database]\nurl = "{self.url}"\n'
            '[training]\nmin_cases = 2\ndevice = "cpu"\nthreads = 1\nniceness = 0\nlease_s = 3\n'
        )

    def start(self, *arguments, **options):
        command = [sys.executable, "-m", "osteo_pacs", "--config", str(self.config), *map(str, arguments)]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True, **options)

    def run(self, *arguments, exit_code=0):
        done = CliRunner().invoke(app, ["--config", str(self.config), *map(str, arguments)])
        assert done.exit_code == exit_code, done.output
        return done.output

    def training(self, number=1):
        return json.loads(self.run("training", "show", number, "--json"))

    def is_(self, state):
        return until(lambda: self.training()["state"] == state, timeout_s=STARTS_WITHIN_S, every_s=0.2)

    def makes_steps(self):
        return until(lambda: self.training()["progress"].get("step"), timeout_s=STARTS_WITHIN_S, every_s=0.2)

    @property
    def bundles(self):
        return sorted((self.folder / "var" / "models").iterdir())

    def work(self, number=1) -> Path:
        return self.folder / "var" / "trainings" / f"training-{number:06d}"


@pytest.fixture
def trainings(tmp_path):
    return Trainings(tmp_path)


@pytest.fixture(scope="module")
def trained(dataset, tmp_path_factory):
    """A training without a break, followed from the command line."""
    unbroken = Trainings(tmp_path_factory.mktemp("unbroken"))
    assert "Training 1 is queued" in unbroken.run("model", "train", "--dataset", dataset, *QUICK)
    with unbroken.start("trainer", "--until-idle", stderr=subprocess.DEVNULL) as trainer:
        said = unbroken.run("training", "follow", 1)
        assert trainer.wait(STARTS_WITHIN_S) == 0
    assert "epoch" in said
    return unbroken


def test_a_training_ends_as_a_sealed_candidate_with_its_lineage(trained):
    [bundle] = trained.bundles
    assert verify_manifest(bundle)
    version = load_bundle(bundle, "cpu").version
    assert version.version.endswith("+training.1")
    assert version.is_demonstration
    ended = trained.training()
    assert (ended["state"], ended["progress"]["epoch"], ended["progress"]["step"]) == ("completed", 2, 4)
    recorded = json.loads((bundle / "configs" / "metadata.json").read_text())["training"]
    lineage = ended["lineage"]
    assert {key: recorded[key] for key in lineage} == lineage
    assert recorded["data"]["datalist_sha256"] == lineage["dataset_sha256"]
    assert recorded["started_from_sha256"] is None
    assert lineage["command"].startswith("osteo-pacs")
    seen = json.loads((bundle / "configs" / "training_data.json").read_text())
    assert len(seen["images"]) == len(seen["patients"]) == 16


def test_a_training_whose_trainer_is_killed_is_taken_over_and_gives_the_same_weights(trainings, trained, dataset):
    trainings.run("model", "train", "--dataset", dataset, *QUICK)
    with trainings.start("trainer", stderr=subprocess.DEVNULL) as first:
        until((trainings.work() / "checkpoints" / "checkpoint_1.pt").exists, timeout_s=STARTS_WITHIN_S)
        children = psutil.Process(first.pid).children(recursive=True)
        first.kill()
    until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))
    with trainings.start("trainer", stderr=subprocess.DEVNULL) as second:
        trainings.is_("completed")
        second.terminate()
    assert trainings.training()["lost_leases"] == 1
    assert digest_of(trainings.bundles[0]) == digest_of(trained.bundles[0])


def digest_of(bundle):
    return json.loads((bundle / "manifest.json").read_text())["files"]["models/model.safetensors"]


def test_a_training_is_cancelled_between_two_steps_and_leaves_no_candidate(trainings, dataset):
    trainings.run("model", "train", "--dataset", dataset, "--epochs", 5000, "--patience", 5000, "--batch-size", 4)
    with trainings.start("trainer", stderr=subprocess.DEVNULL) as trainer:
        trainings.makes_steps()
        assert "will end" in trainings.run("training", "cancel", 1)
        trainings.is_("cancelled")
        trainer.terminate()
    assert not (trainings.folder / "var" / "models").exists()
    assert "stays so" in trainings.run("training", "cancel", 1, exit_code=1)


def test_a_trainer_that_is_asked_to_end_puts_its_training_back(trainings, dataset):
    trainings.run("model", "train", "--dataset", dataset, "--epochs", 5000, "--patience", 5000, "--batch-size", 4)
    with trainings.start("trainer", stderr=subprocess.DEVNULL) as trainer:
        trainings.makes_steps()
        trainer.terminate()
        assert trainer.wait(30) == 0
    put_back = trainings.training()
    assert (put_back["state"], put_back["lost_leases"]) == ("queued", 0)


def test_a_training_that_keeps_killing_its_process_is_failed_and_says_so(trainings, dataset):
    trainings.config.write_text(trainings.config.read_text() + "max_attempts = 1\n")
    trainings.run("model", "train", "--dataset", dataset, "--epochs", 5000, "--batch-size", 4)
    with trainings.start("trainer", stderr=subprocess.DEVNULL) as trainer:
        [process] = until(
            lambda: [
                one for one in psutil.Process(trainer.pid).children() if "workflow" in " ".join(one.cmdline())
            ],
            timeout_s=STARTS_WITHIN_S,
        )
        os.kill(process.pid, signal.SIGKILL)
        trainings.is_("failed")
        trainer.terminate()
    assert "signal 9" in trainings.training()["last_error"]


def _same_patient(listed):
    listed["validation"][0]["patient"] = listed["training"][0]["patient"]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_same_patient, "1 is in training and in validation"),
        (lambda listed: [item.update(label=1) for item in listed["training"]], "no image labelled 0"),
        (lambda listed: listed.update(validation=listed["validation"][:1]), "one class"),
        (
            lambda listed: listed["test"][0].update(image="gone.dcm"),
            "1 of 24, the first is number 1 of the test part",
        ),
        (lambda listed: listed["test"].append(listed["test"][0]), "listed twice"),
        (lambda listed: listed["test"][0].update(image="../x.dcm"), "cannot be read"),
        (lambda listed: listed["test"][0].update(label=2), "cannot be read"),
    ],
    ids=["patient in two parts", "one class", "too few", "missing file", "twice", "outside", "no label"],
)
def test_a_bad_data_set_is_refused_by_name_before_anything_is_queued(trainings, dataset, spoil, complaint):
    spoiled = trainings.folder / "spoiled"
    spoiled.mkdir()
    for part, _ in PARTS:
        (spoiled / part).symlink_to(dataset / part)
    listed = json.loads((dataset / "datalist.json").read_text())
    spoil(listed)
    (spoiled / "datalist.json").write_text(json.dumps(listed))
    assert complaint in trainings.run("model", "train", "--dataset", spoiled, exit_code=1)
    assert json.loads(trainings.run("training", "list", "--json")) == []


def test_a_data_set_that_changed_since_it_was_queued_fails_the_training(trainings, dataset):
    changing = trainings.folder / "changing"
    shutil.copytree(dataset, changing)
    trainings.run("model", "train", "--dataset", changing, *QUICK)
    next((changing / "training").iterdir()).unlink()
    with trainings.start("trainer", "--until-idle", stderr=subprocess.DEVNULL) as trainer:
        assert trainer.wait(STARTS_WITHIN_S) == 0
    failed = trainings.training()
    assert failed["state"] == "failed"
    assert "not there" in failed["last_error"]


def gate(trained, dataset, output):
    on_one_core = ("--device", "cpu", "--threads", 1)
    trained.run("model", "gate", 1, "--dataset", dataset, "--output", output, *on_one_core, exit_code=1)
    return json.loads((output / "gate.json").read_text())


def test_the_gate_judges_a_candidate_and_records_what_it_said(trained, dataset, tmp_path):
    record = gate(trained, dataset, tmp_path)
    verdicts = {rule["rule"]: rule["verdict"] for rule in record["rules"]}
    assert verdicts["test images unseen in training"] == "pass"
    assert verdicts["enough positive images"] == "fail"
    assert record["images"] == len((tmp_path / "cases.jsonl").read_text().splitlines()) == 8
    assert (tmp_path / "gate.html").read_text().startswith("<!doctype html>")
    with opened(trained.url) as database, database.read() as session:
        decision = latest_decision(session, 1)
        audited = list_records(session, event_ids=[EventId.SECURITY_ALERT])
    assert decision is not None
    assert decision.is_passed is False
    assert any("did not pass the gate" in each.record.description for each in audited)


def test_the_gate_finds_test_images_that_the_candidate_was_trained_on(trained, dataset, tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()
    (seen / "training").symlink_to(dataset / "training")
    listed = json.loads((dataset / "datalist.json").read_text())
    (seen / "datalist.json").write_text(json.dumps({"test": listed["training"]}))
    [rule] = [
        one for one in gate(trained, seen, tmp_path / "gate")["rules"] if one["rule"].startswith("test images")
    ]
    assert (rule["verdict"], rule["figure"]["value"]) == ("fail", 16)
