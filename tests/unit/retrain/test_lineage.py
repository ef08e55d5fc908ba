from __future__ import annotations

import json
from hashlib import sha256

import pytest

from osteo_pacs import shipped
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.retrain.data_set.checked import DataSet
from osteo_pacs.retrain.training.lineage import begin_candidate
from osteo_pacs.retrain.training.workspace import Workspace
from osteo_pacs.sealed import open_sealed


@pytest.fixture
def begun(tmp_path):
    """Begins a candidate of the shipped bundle; tells its origin and its metadata."""
    workspace = Workspace(tmp_path / "training-000007")
    workspace.folder.mkdir()
    item = {"image": "a.dcm", "label": 1}

    def begin(start):
        dataset = DataSet(tmp_path, {"training": (item,)}, "5e" * 32)
        origin = begin_candidate(7, TrainingPlan(start=start), open_sealed(shipped.BUNDLE), dataset, workspace)
        return origin, json.loads((workspace.bundle / "configs" / "metadata.json").read_text())

    return begin


def test_a_candidate_names_the_weights_that_it_goes_on_from(begun):
    origin, metadata = begun("active")
    weights = (shipped.BUNDLE / "models" / "model.pt").read_bytes()
    assert origin.to_dict()["started_from_sha256"] == sha256(weights).hexdigest()
    assert metadata["version"].endswith("+training.7")


def test_a_candidate_from_scratch_names_none(begun):
    origin, _ = begun("scratch")
    assert origin.to_dict()["started_from_sha256"] is None


def test_a_candidate_whose_trainer_was_killed_is_not_begun_again(begun):
    first, metadata = begun("active")
    assert begun("active") == (first, metadata)
