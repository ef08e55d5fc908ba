"""Where the course of a training is recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osteo_pacs import shipped
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.errors import ConfigurationError
from osteo_pacs.retrain.training import tracking
from osteo_pacs.retrain.training.workflow import CAREFUL, overrides
from osteo_pacs.retrain.training.workspace import Workspace


@pytest.mark.parametrize("tracker", ["tensorboard", "mlflow"])
def test_a_tracker_that_is_missing_is_told_with_the_command_that_installs_it(monkeypatch, tracker):
    monkeypatch.setattr(tracking, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError) as refused:
        tracking.require_tracker(tracker)
    assert f"pip install {tracking.PACKAGES[tracker]}" in refused.value.remedy
    tracking.require_tracker("none")


def test_everything_stays_in_the_trainings_folder_unless_a_server_is_named():
    directory = Path("/srv/trainings")
    for tracker in ("tensorboard", "mlflow"):
        assert "/srv/trainings/" in tracking.tracking_of(tracker, "", directory, 7)["where"]
    assert (
        tracking.tracking_of("mlflow", "https://mlflow.example", directory, 7)["where"] == "https://mlflow.example"
    )


def order(**plan):
    wanted = TrainingPlan(**plan)
    return {
        "plan": {name: getattr(wanted, name) for name in TrainingPlan.__slots__},
        "bundle": str(shipped.BUNDLE),
        "dataset": "/d",
        "checkpoints": "/c",
        "device": "cpu",
        "lineage": {"training": 7},
    }


def test_a_training_that_goes_on_is_more_careful_unless_told_otherwise():
    config = json.loads((shipped.BUNDLE / "configs" / "train.json").read_text())
    assert overrides(order())["learning_rate"] == config["learning_rate"] * CAREFUL
    assert overrides(order(learning_rate=0.5))["learning_rate"] == 0.5
    assert "learning_rate" not in overrides(order(start="scratch"))


def test_an_order_changes_only_keys_that_the_bundle_s_configuration_has():
    config = json.loads((shipped.BUNDLE / "configs" / "train.json").read_text())
    changed = overrides(order(epochs=1, batch_size=2, patience=3, seed=4, learning_rate=0.1))
    assert {key for key in changed if "#" not in key} <= config.keys()
    assert {key.partition("#")[0] for key in changed if "#" in key} == {"record"}


def test_the_newest_checkpoint_is_that_of_the_latest_epoch(tmp_path):
    workspace = Workspace.of(tmp_path, 7)
    workspace.checkpoints.mkdir(parents=True)
    assert workspace.newest_checkpoint() is None
    for name in ("checkpoint_9.pt", "checkpoint_10.pt", "best_network_auroc=1.0.pt"):
        (workspace.checkpoints / name).touch()
    assert workspace.newest_checkpoint().name == "checkpoint_10.pt"
