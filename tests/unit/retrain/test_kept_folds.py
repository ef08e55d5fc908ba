from __future__ import annotations

import pytest

from osteo_pacs.retrain.comparison.kept_folds import FoldResult, KeptFolds

RESULT = FoldResult({"one": [0.1, 1 / 3]}, {"one": 2.5}, 3.5)


@pytest.fixture
def kept(tmp_path):
    return KeptFolds(tmp_path / "folds", {"epochs": 1})


def test_a_fold_is_found_as_it_was_kept(kept, tmp_path):
    assert kept.find(0) is None
    kept.keep(0, RESULT)
    assert KeptFolds(tmp_path / "folds", {"epochs": 1}).find(0) == RESULT
    assert kept.find(1) is None


def test_a_fold_of_other_conditions_is_not_found(kept, tmp_path):
    kept.keep(0, RESULT)
    assert KeptFolds(tmp_path / "folds", {"epochs": 2}).find(0) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_file_that_cannot_be_read_is_as_if_it_were_not_there(kept, tmp_path, content):
    kept.keep(0, RESULT)
    [file] = (tmp_path / "folds").iterdir()
    file.write_text(content)
    assert kept.find(0) is None


def test_forgetting_leaves_what_others_kept(kept, tmp_path):
    other = KeptFolds(tmp_path / "folds", {"epochs": 2})
    for folds in (kept, other):
        folds.keep(0, RESULT)
    kept.forget()
    assert kept.find(0) is None
    assert other.find(0) == RESULT
    other.forget()
    assert not (tmp_path / "folds").exists()
