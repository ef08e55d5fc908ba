from __future__ import annotations

import pytest

from osteo_pacs.doctor import spool
from osteo_pacs.doctor.check import examine


@pytest.fixture
def look(settings):
    def look_at(folder, min_free_mib=1):
        lines = f'[spool]\ndirectory = "{folder}"\nmin_free_mib = {min_free_mib}\n'
        return [examine(examination) for examination in spool.examinations(settings(lines))]

    return look_at


def test_a_private_folder_with_room_is_right(look, tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir(mode=0o700)
    space, rights = look(folder)
    assert (space.name, space.ok) == ("spool space", True)
    assert (rights.name, rights.ok) == ("spool rights", True)
    assert list(folder.iterdir()) == []


def test_too_little_room_is_told_with_both_figures(look, tmp_path):
    space, _ = look(tmp_path, min_free_mib=10**9)
    assert not space.ok
    assert f"at least {10**9} MiB are needed" in space.detail
    assert "Make room" in space.remedy
    assert "osteo-pacs retention plan" in space.remedy


def test_the_marks_between_which_room_is_made_are_told(look, tmp_path):
    space, _ = look(tmp_path, min_free_mib=3)
    assert "below 6 MiB room is made up to 12 MiB" in space.detail


def test_a_folder_that_others_may_read_is_told_with_the_command(look, tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    folder.chmod(0o755)
    _, rights = look(folder)
    assert not rights.ok
    assert f"chmod 700 {folder}" in rights.remedy


def test_a_folder_that_is_not_there_yet_is_right_where_it_can_be_made(look, tmp_path):
    space, rights = look(tmp_path / "a" / "b")
    assert space.ok
    assert rights.ok
    assert list(tmp_path.iterdir()) == [tmp_path / "config.toml"]


def test_a_folder_that_cannot_be_written_is_told():
    # /proc takes no file, even from root.
    check = spool._rights(spool.Path("/proc"))
    assert not check.ok
    assert "cannot be written" in check.detail
    assert "Give /proc to the user" in check.remedy


def test_a_folder_that_cannot_be_made_is_told():
    check = spool._rights(spool.Path("/proc/nope/spool"))
    assert not check.ok
    assert "cannot be made in /proc" in check.detail
    assert "Give /proc to the user" in check.remedy


def test_a_file_in_the_folder_s_place_is_told(tmp_path):
    (tmp_path / "a").touch()
    check = spool._rights(tmp_path / "a" / "b")
    assert not check.ok
    assert check.detail == f"{tmp_path}/a is no folder"
    assert check.remedy
