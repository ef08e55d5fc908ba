"""Studies on the disk, as the command writes them."""

import json

import pytest
from pydicom import dcmread

from osteo_pacs.phantom.folder import TRUTH, UnknownChoice, write_studies


def written(folder, **options):
    return list(write_studies(folder, first_seed=3, count=2, **options))


def test_each_study_has_a_folder_with_its_files_and_their_truth(tmp_path):
    for study in written(tmp_path, scanner="hologic", kinds=["ap-spine", "femur-left"]):
        truth = json.loads((study.folder / TRUTH).read_text())
        assert sorted(path.name for path in study.folder.glob("*.dcm")) == sorted(truth)
        assert [one["kind"] for one in truth.values()] == ["ap-spine", "femur-left"]
        assert {dcmread(path).StudyInstanceUID for path in study.folder.glob("*.dcm")} == {
            study.study_instance_uid
        }


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    first, second = (written(tmp_path / name, kinds=["ap-spine"]) for name in "ab")
    for one, other in zip(first, second, strict=True):
        (path,), (twin,) = one.folder.glob("*.dcm"), other.folder.glob("*.dcm")
        assert path.read_bytes() == twin.read_bytes()


@pytest.mark.parametrize("options", [{"kinds": ["spine"]}, {"scanner": "siemens"}])
def test_an_unknown_word_is_answered_with_those_that_are_known(tmp_path, options):
    with pytest.raises(UnknownChoice, match=r"Known are: (ap-spine|ge-idxa)"):
        written(tmp_path, **options)
