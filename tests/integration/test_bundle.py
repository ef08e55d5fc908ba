"""The bundle by MONAI alone: every command runs in its own process, where the package cannot be imported.

All but three come from a server that has loaded MONAI already.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import jsonschema
import pytest
import torch
from safetensors.torch import load_file

import monai_alone
from osteo_pacs import shipped
from osteo_pacs.decode import Decoder
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.manifest import verify_manifest
from osteo_pacs.infer.predict import Model, Prediction, RefusedImage
from osteo_pacs.phantom.dataset import standard_parts, write_dataset
from peers.polling import until

SPARING = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture(scope="module")
def without_package(tmp_path_factory) -> dict[str, str]:
    """An environment in which importing osteo_pacs fails."""
    folder = tmp_path_factory.mktemp("blocked")
    (folder / "osteo_pacs.py").write_text("raise ImportError('the bundle must not import osteo_pacs')\n")
    return os.environ | SPARING | {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module", autouse=True)
def _server():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SPARING.items():
            patch.setenv(name, value)
        monai_alone.serve()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """Twelve simulated patients for training, and eight each for validation and test."""
    folder = tmp_path_factory.mktemp("dataset")
    write_dataset(folder, standard_parts(12, 8, 8))
    listed = json.loads((folder / "datalist.json").read_text())
    for part in ("validation", "test"):
        listed[part][0]["label"], listed[part][1]["label"] = 0, 1
    (folder / "datalist.json").write_text(json.dumps(listed))
    return folder


@pytest.fixture
def bundle(tmp_path) -> Path:
    folder = tmp_path / "bundle"
    shutil.copytree(shipped.BUNDLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def monai_bundle(verb: str, *arguments: str, cwd: Path) -> str:
    status, said = monai_alone.run("monai.bundle", verb, *arguments, cwd=cwd)
    assert status == 0, said[-3000:]
    return said


def test_the_metadata_pass_the_schema_without_a_network(bundle):
    arguments = ("--meta_file", "configs/metadata.json", "--filepath", "docs/metadata_schema.json")
    assert "verified with no error" in monai_bundle("verify_metadata", *arguments, cwd=bundle)


@pytest.mark.parametrize("key", ["version", "network_data_format", "decision"])
def test_the_schema_catches_metadata_that_lack_something(key):
    schema = json.loads((shipped.BUNDLE / "docs" / "metadata_schema.json").read_text())
    metadata = json.loads((shipped.BUNDLE / "configs" / "metadata.json").read_text())
    jsonschema.validate(metadata, schema)
    del metadata[key]
    with pytest.raises(jsonschema.ValidationError, match=f"'{key}' is a required property"):
        jsonschema.validate(metadata, schema)


def test_the_network_takes_and_gives_what_the_metadata_say(tmp_path):
    configs = shipped.BUNDLE / "configs"
    arguments = ("--meta_file", str(configs / "metadata.json"), "--config_file", str(configs / "inference.json"))
    said = monai_bundle("verify_net_in_out", "network_def", *arguments, cwd=tmp_path)
    assert "verified with no error" in said


def test_inference_runs_on_dicom_files_and_agrees_with_the_service(dataset, tmp_path):
    arguments = (
        *("--config_file", str(shipped.BUNDLE / "configs" / "inference.json")),
        *("--meta_file", str(shipped.BUNDLE / "configs" / "metadata.json")),
        *("--bundle_root", str(shipped.BUNDLE)),
        *("--dataset_dir", str(dataset / "test")),
        *("--output_dir", str(tmp_path / "out")),
    )
    monai_bundle("run", *arguments, cwd=tmp_path)
    with (tmp_path / "out" / "predictions.csv").open() as file:
        rows = {row[0]: [float(value) for value in row[1:]] for row in csv.reader(file)}
    assert len(rows) == 8
    answers = read_by_service(load_bundle(shipped.BUNDLE, "cpu"), map(Path, rows))
    predictions = [answer for answer in answers if isinstance(answer, Prediction)]
    assert len(predictions) >= 6
    for read, (no, yes, is_positive) in zip(answers, rows.values(), strict=True):
        if read not in predictions:
            continue
        assert yes == pytest.approx(read.probability, abs=1e-3)
        assert no + yes == pytest.approx(1, abs=1e-3)
        assert bool(is_positive) == read.is_positive


def test_inference_reads_the_shipped_pictures_when_told_nothing(without_package, bundle):
    command = [sys.executable, "-m", "monai.bundle", "run", "--config_file", "configs/inference.json"]
    subprocess.run(command, cwd=bundle, env=without_package, check=True, timeout=250)
    with (bundle / "eval" / "predictions.csv").open() as file:
        probability = {Path(row[0]).stem: float(row[2]) for row in csv.reader(file)}
    assert probability["simulated_osteoporotic"] > probability["simulated_dense"]


def read_by_service(model: Model, paths: Iterable[Path]) -> list[Prediction | RefusedImage]:
    with Decoder(shipped.BUNDLE) as decoder:
        return model.predict([decoder.decode(path).image for path in paths])


@pytest.fixture(scope="module")
def trained(dataset, tmp_path_factory) -> Path:
    """A bundle after three epochs without a break."""
    folder = tmp_path_factory.mktemp("trained") / "bundle"
    shutil.copytree(shipped.BUNDLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monai_bundle("run", *training(dataset), cwd=folder)
    return folder


def test_training_leaves_a_sealed_bundle_with_new_weights(trained):
    assert verify_manifest(trained)
    new, shipped_model = load_bundle(trained, "cpu"), load_bundle(shipped.BUNDLE, "cpu")
    assert new.version.weights_sha256 != shipped_model.version.weights_sha256
    assert new.version.device_uid != shipped_model.version.device_uid
    assert 0 < new.version.threshold < 1


def test_training_records_its_data_its_seed_and_its_settings(trained, dataset):
    metadata = json.loads((trained / "configs" / "metadata.json").read_text())
    record = metadata["training"]
    listed = (dataset / "datalist.json").read_bytes()
    assert record["data"]["datalist_sha256"] == hashlib.sha256(listed).hexdigest()
    assert record["data"]["training"] == {"images": 12, "positives": positives(listed)}
    assert (record["seed"], record["epochs"], record["batch_size"]) == (20251230, 3, 4)
    assert 0 <= record["validation_auroc"] <= 1
    assert "eval_metrics" not in metadata


def positives(listed: bytes) -> int:
    return sum(item["label"] for item in json.loads(listed)["training"])


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(without_package, dataset, bundle, trained):
    broken_off = start_training(dataset, bundle)
    until((bundle / "runs" / "checkpoint_1.pt").exists, timeout_s=200)
    broken_off.kill()
    broken_off.join()
    newest = max((bundle / "runs").glob("checkpoint_*.pt"))
    # In a process of its own: what a fork has in common with others, as the seed of hashes, must not decide.
    words = ("run", *training(dataset), "--resume", str(newest))
    command = [sys.executable, "-m", "monai.bundle", *words]
    said = subprocess.run(
        command, cwd=bundle, env=without_package, capture_output=True, text=True, check=True, timeout=250
    ).stdout
    assert "Epoch[3] Complete" in said
    assert "Epoch[1] Complete" not in said
    assert digest_of(bundle) == digest_of(trained)


def test_the_last_step_of_a_training_can_be_taken_again_alone(dataset, trained, tmp_path):
    again = tmp_path / "bundle"
    shutil.copytree(trained, again)
    arguments = ("--resume", "runs/checkpoint_3.pt", "--sensitivity", "0.5")
    said = monai_bundle("run", *training(dataset), *arguments, cwd=again)
    assert "Complete" not in said
    assert digest_of(again) == digest_of(trained)
    decision = json.loads((again / "configs" / "metadata.json").read_text())["decision"]
    assert "0.50" in decision["threshold_rule"]


def test_a_killed_training_leaves_the_bundle_as_it_was(dataset, bundle):
    broken_off = start_training(dataset, bundle)
    until(lambda: list((bundle / "runs").glob("best_*.pt")), timeout_s=200)
    broken_off.kill()
    broken_off.join()
    assert verify_manifest(bundle) == verify_manifest(shipped.BUNDLE)


def start_training(dataset: Path, bundle: Path) -> ForkServerProcess:
    words = ("run", *training(dataset))
    return monai_alone.start("monai.bundle", *words, cwd=bundle, output=bundle.parent / "said.txt")


def digest_of(bundle: Path) -> str:
    return hashlib.sha256((bundle / "models" / "model.safetensors").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (
            lambda listed: listed["validation"][0].update(patient=listed["training"][0]["patient"]),
            "1 patients are in training and in validation",
        ),
        (lambda listed: [item.update(label=1) for item in listed["training"]], "labelled 0"),
        (lambda listed: listed["test"][0].update(image="gone.dcm"), "1 of 28 files are missing"),
    ],
    ids=["a patient in two parts", "one class", "a missing file"],
)
def test_training_is_refused_on_unfit_data(dataset, bundle, spoil, complaint):
    spoiled = bundle.parent / "dataset"
    spoiled.mkdir()
    for part in ("training", "validation", "test"):
        (spoiled / part).symlink_to(dataset / part)
    listed = json.loads((dataset / "datalist.json").read_text())
    spoil(listed)
    (spoiled / "datalist.json").write_text(json.dumps(listed))
    status, said = monai_alone.run("monai.bundle", "run", *training(spoiled), cwd=bundle)
    assert status != 0
    assert re.search(complaint, said)


def training(dataset: Path) -> tuple[str, ...]:
    return (
        *("--config_file", "configs/train.json", "--dataset_dir", str(dataset)),
        *("--batch_size", "4", "--max_epochs", "3"),
    )


def test_training_goes_on_from_given_weights_and_says_so(dataset, bundle):
    given = bundle / "models" / "model.pt"
    before, digest = torch.load(given, weights_only=True), hashlib.sha256(given.read_bytes()).hexdigest()
    unmoved = ("--start", str(given), "--learning_rate", "0.0")
    monai_bundle("run", *training(dataset)[:-1], "1", *unmoved, cwd=bundle)
    after = torch.load(given, weights_only=True)
    learned = [name for name in before if name.endswith(("weight", "bias"))]
    assert learned
    assert all(torch.equal(before[name], after[name]) for name in learned)
    assert (
        json.loads((bundle / "configs" / "metadata.json").read_text())["training"]["started_from_sha256"] == digest
    )


def test_training_on_two_processes_leaves_a_sealed_bundle(without_package, dataset, bundle):
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"),
        *("-m", "monai.bundle", "run", "--config_file", "['configs/train.json','configs/multi_gpu_train.json']"),
        *("--dataset_dir", str(dataset), "--max_epochs", "1", "--batch_size", "4"),
    ]
    done = subprocess.run(
        command, cwd=bundle, env=without_package, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert verify_manifest(bundle)
    assert load_bundle(bundle, "cpu").version.weights_sha256


def test_evaluation_writes_figures_with_intervals(dataset, tmp_path):
    arguments = (
        *("--config_file", str(shipped.BUNDLE / "configs" / "evaluate.json")),
        *("--bundle_root", str(shipped.BUNDLE), "--dataset_dir", str(dataset), "--output_dir", str(tmp_path)),
    )
    monai_bundle("run", *arguments, cwd=tmp_path)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["images"] == 8
    assert 0 <= figures["auroc"]["low"] <= figures["auroc"]["value"] <= figures["auroc"]["high"] <= 1


def test_figures_are_recorded_in_the_sealed_metadata(bundle, tmp_path):
    (tmp_path / "figures.json").write_text('{"auroc": {"value": 0.5, "low": 0.4, "high": 0.6}}')
    assert monai_alone.run("scripts.release", str(tmp_path / "figures.json"), cwd=bundle)[0] == 0
    verify_manifest(bundle)
    assert json.loads((bundle / "configs" / "metadata.json").read_text())["eval_metrics"]["auroc"]["value"] == 0.5


def test_both_forms_of_the_weights_are_the_same():
    state = torch.load(shipped.BUNDLE / "models" / "model.pt", weights_only=True)
    tensors = load_file(shipped.BUNDLE / "models" / "model.safetensors")
    assert state.keys() == tensors.keys()
    assert all(torch.equal(state[name], tensors[name]) for name in state)
