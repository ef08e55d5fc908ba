"""What a model has seen, and a candidate's beginning."""

from __future__ import annotations

import json

import pytest

from osteo_pacs import shipped
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.retrain.datasets import open_dataset
from osteo_pacs.retrain.exposure import EXPOSURE, Exposure, exposure_of, read_exposure, write_exposure
from osteo_pacs.retrain.lineage import begin_candidate
from osteo_pacs.retrain.workspace import Workspace
from osteo_pacs.sealed import BundleTampered, Sealed, open_sealed


@pytest.fixture
def dataset(tmp_path):
    """An image for each part, and the same picture under two names."""
    listed = {}
    for part, content in (("training", "a"), ("validation", "b"), ("test", "a")):
        (tmp_path / f"{part}.dcm").write_text(content)
        listed[part] = [{"image": f"{part}.dcm", "label": 0, "patient": part}]
    (tmp_path / "datalist.json").write_text(json.dumps(listed))
    return open_dataset(tmp_path)


def sealed_with(content):
    return Sealed(shipped.BUNDLE, {EXPOSURE: content}, {}, "")


def test_a_copy_of_a_file_in_another_part_is_found(dataset):
    seen, test = exposure_of(dataset), exposure_of(dataset, ("test",))
    assert len(seen.images & test.images) == 1
    assert not seen.patients & test.patients


def test_what_was_seen_is_read_as_it_was_written(dataset, tmp_path):
    (tmp_path / "configs").mkdir()
    write_exposure(tmp_path, exposure_of(dataset))
    assert read_exposure(sealed_with((tmp_path / EXPOSURE).read_bytes())) == exposure_of(dataset)


def test_a_bundle_that_says_nothing_is_told_from_one_that_has_seen_nothing():
    assert read_exposure(open_sealed(shipped.BUNDLE)) is None
    assert read_exposure(sealed_with(b'{"images": [], "patients": []}')) == Exposure()


def test_nonsense_is_refused():
    with pytest.raises(BundleTampered):
        read_exposure(sealed_with(b"[]"))


@pytest.mark.parametrize(("start", "seen"), [("active", {"x"}), ("scratch", set())])
def test_a_candidate_that_goes_on_from_another_has_seen_what_that_one_saw(dataset, tmp_path, start, seen):
    shipped_bundle = open_sealed(shipped.BUNDLE)
    before = json.dumps({"images": ["x"], "patients": []}).encode()
    parent = Sealed(shipped.BUNDLE, {**shipped_bundle.files, EXPOSURE: before}, {}, "f" * 64)
    workspace = Workspace.of(tmp_path, 7)
    origin = begin_candidate(7, TrainingPlan(start=start), parent, dataset, workspace)
    written = json.loads((workspace.bundle / EXPOSURE).read_text())
    assert set(written["images"]) == seen | exposure_of(dataset).images
    metadata = json.loads((workspace.bundle / "configs" / "metadata.json").read_text())
    assert metadata["version"].endswith("+training.7")
    assert metadata["product"]["is_demonstration"]
    assert origin.parent_bundle_sha256 == "f" * 64
    assert begin_candidate(7, TrainingPlan(start=start), parent, dataset, workspace) == origin
