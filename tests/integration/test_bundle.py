"""The bundle by MONAI alone: every command runs in its own process, where the package cannot be imported."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import jsonschema
import pytest
import torch
from safetensors.torch import load_file

from osteo_pacs import shipped
from osteo_pacs.decode import Decoder
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.manifest import verify_manifest
from osteo_pacs.infer.predict import Model, Prediction, RefusedImage
from osteo_pacs.phantom.dataset import standard_parts, write_dataset


@pytest.fixture(scope="module")
def without_package(tmp_path_factory) -> dict[str, str]:
    """An environment in which importing osteo_pacs fails."""
    folder = tmp_path_factory.mktemp("blocked")
    (folder / "osteo_pacs.py").write_text("raise ImportError('the bundle must not import osteo_pacs')\n")
    return os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


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


def monai_bundle(verb: str, *arguments: str, env: dict[str, str], cwd: Path) -> str:
    command = [sys.executable, "-m", "monai.bundle", verb, *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_the_metadata_pass_the_schema_without_a_network(without_package, bundle):
    arguments = ("--meta_file", "configs/metadata.json", "--filepath", "docs/metadata_schema.json")
    assert "verified with no error" in monai_bundle("verify_metadata", *arguments, env=without_package, cwd=bundle)


@pytest.mark.parametrize("key", ["version", "network_data_format", "decision"])
def test_the_schema_catches_metadata_that_lack_something(key):
    schema = json.loads((shipped.BUNDLE / "docs" / "metadata_schema.json").read_text())
    metadata = json.loads((shipped.BUNDLE / "configs" / "metadata.json").read_text())
    jsonschema.validate(metadata, schema)
    del metadata[key]
    with pytest.raises(jsonschema.ValidationError, match=f"'{key}' is a required property"):
        jsonschema.validate(metadata, schema)


def test_the_network_takes_and_gives_what_the_metadata_say(without_package, tmp_path):
    configs = shipped.BUNDLE / "configs"
    arguments = ("--meta_file", str(configs / "metadata.json"), "--config_file", str(configs / "inference.json"))
    said = monai_bundle("verify_net_in_out", "network_def", *arguments, env=without_package, cwd=tmp_path)
    assert "verified with no error" in said


def test_inference_runs_on_dicom_files_and_agrees_with_the_service(without_package, dataset, tmp_path):
    arguments = (
        *("--config_file", str(shipped.BUNDLE / "configs" / "inference.json")),
        *("--meta_file", str(shipped.BUNDLE / "configs" / "metadata.json")),
        *("--bundle_root", str(shipped.BUNDLE)),
        *("--dataset_dir", str(dataset / "test")),
        *("--output_dir", str(tmp_path / "out")),
    )
    monai_bundle("run", *arguments, env=without_package, cwd=tmp_path)
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
    monai_bundle("run", "--config_file", "configs/inference.json", env=without_package, cwd=bundle)
    with (bundle / "eval" / "predictions.csv").open() as file:
        probability = {Path(row[0]).stem: float(row[2]) for row in csv.reader(file)}
    assert probability["simulated_osteoporotic"] > probability["simulated_dense"]


def read_by_service(model: Model, paths: Iterable[Path]) -> list[Prediction | RefusedImage]:
    with Decoder(shipped.BUNDLE) as decoder:
        return model.predict([decoder.decode(path).image for path in paths])


def test_training_broken_off_goes_on_and_leaves_a_sealed_bundle(without_package, dataset, bundle):
    (bundle / "models" / "model.pt").unlink()
    (bundle / "models" / "model.safetensors").unlink()
    train(bundle, dataset, without_package, "--max_epochs", "1")
    resumed = ("--max_epochs", "2", "--resume", "runs/checkpoint_epoch=1.pt")
    said = train(bundle, dataset, without_package, *resumed)
    assert "Epoch[2] Complete" in said
    assert "Epoch[1] Complete" not in said
    assert verify_manifest(bundle)
    trained, first = load_bundle(bundle, "cpu"), load_bundle(shipped.BUNDLE, "cpu")
    assert trained.version.weights_sha256 != first.version.weights_sha256
    assert trained.version.device_uid != first.version.device_uid
    assert 0 < trained.version.threshold < 1


def test_training_on_two_processes_leaves_a_sealed_bundle(without_package, dataset, bundle):
    (bundle / "models" / "model.pt").unlink()
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


def train(bundle: Path, dataset: Path, env: dict[str, str], *more: str) -> str:
    arguments = ("--config_file", "configs/train.json", "--dataset_dir", str(dataset), "--batch_size", "4")
    return monai_bundle("run", *arguments, *more, env=env, cwd=bundle)


def test_evaluation_writes_figures_with_intervals(without_package, dataset, tmp_path):
    arguments = (
        *("--config_file", str(shipped.BUNDLE / "configs" / "evaluate.json")),
        *("--bundle_root", str(shipped.BUNDLE), "--dataset_dir", str(dataset), "--output_dir", str(tmp_path)),
    )
    monai_bundle("run", *arguments, env=without_package, cwd=tmp_path)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["images"] == 8
    assert 0 <= figures["auroc"]["low"] <= figures["auroc"]["value"] <= figures["auroc"]["high"] <= 1


def test_figures_are_recorded_in_the_sealed_metadata(without_package, bundle, tmp_path):
    (tmp_path / "figures.json").write_text('{"auroc": {"value": 0.5, "low": 0.4, "high": 0.6}}')
    command = [sys.executable, "-m", "scripts.release", str(tmp_path / "figures.json")]
    subprocess.run(command, cwd=bundle, env=without_package, check=True, timeout=120)
    verify_manifest(bundle)
    assert json.loads((bundle / "configs" / "metadata.json").read_text())["eval_metrics"]["auroc"]["value"] == 0.5


def test_both_forms_of_the_weights_are_the_same():
    state = torch.load(shipped.BUNDLE / "models" / "model.pt", weights_only=True)
    tensors = load_file(shipped.BUNDLE / "models" / "model.safetensors")
    assert state.keys() == tensors.keys()
    assert all(torch.equal(state[name], tensors[name]) for name in state)
