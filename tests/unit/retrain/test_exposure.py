"""What a model has seen, and a candidate's beginning."""

from __future__ import annotations

import json

import pytest

from osteo_pacs import shipped
from osteo_pacs.db.training_runs import TrainingPlan
from osteo_pacs.retrain.data_set.checked import open_dataset
from osteo_pacs.retrain.training.exposure import EXPOSURE, Exposure, add_exposure, exposure_of, read_exposure
from osteo_pacs.retrain.training.lineage import begin_candidate
from osteo_pacs.retrain.training.workspace import Workspace
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
    add_exposure(tmp_path, exposure_of(dataset), goes_on=True)
    assert read_exposure(sealed_with((tmp_path / EXPOSURE).read_bytes())) == exposure_of(dataset)


def test_a_bundle_that_says_nothing_is_told_from_one_that_has_seen_nothing():
    assert read_exposure(open_sealed(shipped.BUNDLE)) is None
    assert read_exposure(sealed_with(b'{"images": [], "patients": []}')) == Exposure()


def test_nonsense_is_refused():
    with pytest.raises(BundleTampered):
        read_exposure(sealed_with(b"[]"))


@pytest.mark.parametrize(("goes_on", "before"), [(True, {"x"}), (False, set())])
def test_a_candidate_that_goes_on_from_another_has_seen_what_that_one_saw(dataset, tmp_path, goes_on, before):
    (tmp_path / "configs").mkdir()
    (tmp_path / EXPOSURE).write_text('{"images": ["x"], "patients": []}')
    for _ in range(2):
        add_exposure(tmp_path, exposure_of(dataset), goes_on=goes_on)
        assert set(json.loads((tmp_path / EXPOSURE).read_text())["images"]) == before | exposure_of(dataset).images


def test_a_candidate_has_a_version_of_its_own_and_the_files_of_its_parent(dataset, tmp_path):
    parent, workspace = open_sealed(shipped.BUNDLE), Workspace.of(tmp_path, 7)
    origin = begin_candidate(7, TrainingPlan(), parent, dataset, workspace)
    metadata = json.loads((workspace.bundle / "configs" / "metadata.json").read_text())
    assert metadata["version"].endswith("+training.7")
    assert metadata["product"]["is_demonstration"]
    assert all((workspace.bundle / path).is_file() for path in parent.files)
    assert origin.lineage.parent == parent.manifest_sha256
    assert begin_candidate(7, TrainingPlan(), parent, dataset, workspace) == origin
