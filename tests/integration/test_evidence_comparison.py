"""The paper's comparison in its smallest form: ten patients, two folds, one epoch, every network."""

from __future__ import annotations

import itertools
import json

import pytest
from typer.testing import CliRunner

from bundles import another_bundle, seal
from osteo_pacs import shipped
from osteo_pacs.cli import app
from osteo_pacs.evidence.comparison import render_comparison
from osteo_pacs.retrain.comparison import cross_validation, learning
from osteo_pacs.retrain.comparison.networks import TITLES

PARAMETERS = {
    "cnn21": 978_658,  # nine or 27 in a filter, and two for each channel's normalisation
    "resnet50": 23_505_000,
    "vgg16": 134_268_000,
    "vgg19": 139_578_000,
    "inceptionv3": 21_789_000,
}
"""As published for a thousand classes and three channels, less what two classes and one channel do not need."""


def run(*arguments):
    return CliRunner().invoke(app, ["model", "compare", *map(str, arguments)])


@pytest.mark.parametrize("name", TITLES)
def test_a_network_is_trained_and_tested_on_every_patient(name, tmp_path):
    smallest = ("--patients", 10, "--positives", 5, "--folds", 2, "--size", 75, "--epochs", 1, "--batch-size", 5)
    files = ("--output", tmp_path / "comparison.json", "--page", tmp_path / "page.md")
    result = run("--network", name, *smallest, *files, "--device", "cpu", "--threads", 1)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "comparison.json").read_text())
    (network,) = record["networks"]
    assert network["parameters"] == pytest.approx(PARAMETERS[name], rel=1e-3)
    assert network["weights_sha256"] is None
    assert 0 <= network["figures"]["accuracy"]["low"] <= network["figures"]["accuracy"]["high"] <= 1
    assert network["ms_a_study"] > 0
    page = (tmp_path / "page.md").read_text()
    assert page == render_comparison([record])
    assert f"| {TITLES[name]} | from scratch |" in page


@pytest.mark.parametrize("threads", [1, 2])
def test_the_networks_are_trained_with_as_many_threads_as_asked(threads, tmp_path):
    smallest = ("--patients", 10, "--positives", 5, "--folds", 2, "--size", 75, "--epochs", 1, "--batch-size", 5)
    file = tmp_path / "comparison.json"
    run("--network", "cnn21", *smallest, "--output", file, "--device", "cpu", "--threads", threads)
    assert json.loads(file.read_text())["made"]["threads"] == threads


SMALLEST_CNN = (
    *("--network", "cnn21", "--patients", 10, "--positives", 5, "--size", 75, "--batch-size", 5),
    *("--device", "cpu", "--threads", 1),
)


def test_a_comparison_that_was_stopped_goes_on_where_it_was(tmp_path, monkeypatch):
    asked = (*SMALLEST_CNN, "--folds", 3, "--epochs", 1)
    whole, stopped = tmp_path / "whole.json", tmp_path / "stopped.json"
    run(*asked, "--output", whole)
    with monkeypatch.context() as patch:
        patch.setattr(cross_validation, "train", stopped_in_turn(3))
        assert run(*asked, "--output", stopped).exit_code == 130
    assert not stopped.exists()
    for file in (tmp_path / "stopped.folds").iterdir():
        kept = json.loads(file.read_text())
        file.write_text(json.dumps(kept | {"seconds": 2000, "training_s": {"cnn21": 1000}}))

    result = run(*asked, "--output", stopped)

    assert result.exit_code == 0, result.output
    assert result.stderr.count("was done by an earlier run") == 2
    first, second = (json.loads(file.read_text()) for file in (whole, stopped))
    assert first["networks"][0]["figures"] == second["networks"][0]["figures"]
    assert second["made"]["seconds"] > 4000
    assert second["networks"][0]["training_s"] > 2000
    assert sorted(file.name for file in tmp_path.iterdir()) == ["stopped.json", "whole.json"]


@pytest.mark.parametrize("changed", ["epochs", "weights", "bundle"])
def test_folds_of_another_comparison_are_not_taken_and_stay(changed, tmp_path, monkeypatch):
    output = tmp_path / "comparison.json"
    other = {
        "epochs": ("--epochs", 2),
        "weights": ("--epochs", 1, "--weights", f"cnn21={shipped.BUNDLE / 'models' / 'model.safetensors'}"),
        "bundle": ("--epochs", 1, "--bundle", another_bundle(tmp_path / "another")),
    }[changed]
    with monkeypatch.context() as patch:
        patch.setattr(cross_validation, "train", stopped_in_turn(2))
        run(*SMALLEST_CNN, "--folds", 2, "--epochs", 1, "--output", output)
    result = run(*SMALLEST_CNN, "--folds", 2, *other, "--output", output)
    assert result.exit_code == 0, result.output
    assert "was done by an earlier run" not in result.stderr
    assert len(list((tmp_path / "comparison.folds").iterdir())) == 1


def stopped_in_turn(turn):
    """A training that is interrupted from the keyboard in this turn."""
    turns = itertools.count(1)

    def train(*arguments):
        if next(turns) == turn:
            raise KeyboardInterrupt
        return learning.train(*arguments)

    return train


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--network", "vgg11"), "vgg11; there are cnn21"),
        (("--network", "cnn21", "--weights", "vgg16=x.pt"), "no NAME=FILE of these networks"),
        (("--weights", "vgg16"), "no NAME=FILE"),
        (("--size", "74"), "74 is not in the range"),
        (("--beside", "gone.json"), "gone.json cannot be read as the record of a comparison"),
        (("--beside", shipped.BUNDLE / "manifest.json"), "cannot be read as the record of a comparison"),
    ],
)
def test_a_wrong_command_line_does_nothing(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_bundle_that_cannot_augment_whole_batches_is_refused_before_anything_is_simulated(tmp_path):
    older = another_bundle(tmp_path / "older")
    training = older / "configs" / "train.json"
    config = json.loads(training.read_text())
    del config["augmentation"]
    training.write_text(json.dumps(config))
    seal(older)
    result = run("--bundle", older)
    assert result.exit_code == 1
    assert "bundles from 0.6.0 do" in result.stderr
    assert "Simulating" not in result.output


def test_weights_that_do_not_fit_are_refused_before_anything_is_simulated(tmp_path):
    (tmp_path / "weights.pt").write_bytes(b"not a file of weights")
    result = run("--network", "cnn21", "--weights", f"cnn21={tmp_path / 'weights.pt'}")
    assert result.exit_code == 1
    assert "weights.pt is no state dict" in result.stderr
    assert "Simulating" not in result.stderr
