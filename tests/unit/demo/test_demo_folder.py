from __future__ import annotations

import pytest

from osteo_pacs.demo.errors import DemonstrationFailed
from osteo_pacs.demo.folder import fresh_folder


def test_a_folder_that_is_not_there_is_made(tmp_path):
    fresh_folder(tmp_path / "a/b")
    assert (tmp_path / "a/b").is_dir()


def test_what_an_earlier_demonstration_left_is_removed(tmp_path):
    fresh_folder(tmp_path)
    (tmp_path / "scanner").mkdir()
    (tmp_path / "scanner/1.dcm").touch()
    (tmp_path / "config.toml").touch()
    fresh_folder(tmp_path)
    (tmp_path / "pacs").mkdir()
    fresh_folder(tmp_path)
    assert not [entry for entry in tmp_path.iterdir() if not entry.name.startswith(".")]


def test_a_link_out_of_the_folder_is_removed_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis").touch()
    fresh_folder(tmp_path / "demo")
    (tmp_path / "demo/link").symlink_to(tmp_path / "mine")
    fresh_folder(tmp_path / "demo")
    assert not (tmp_path / "demo/link").exists()
    assert (tmp_path / "mine/thesis").is_file()


def test_a_folder_that_holds_something_else_is_left_as_it_is(tmp_path):
    (tmp_path / "thesis").write_text("mine")
    with pytest.raises(DemonstrationFailed, match=r"holds something else.*--folder"):
        fresh_folder(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis"]


@pytest.mark.parametrize("place", ["thesis", "thesis/demo"])
def test_a_file_in_the_way_is_told(tmp_path, place):
    (tmp_path / "thesis").write_text("mine")
    with pytest.raises(DemonstrationFailed, match="cannot be used"):
        fresh_folder(tmp_path / place)
    assert (tmp_path / "thesis").read_text() == "mine"
