"""Where the decoding process finds its modules: where its parent does, and in no folder that moves with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from osteo_pacs import decode
from osteo_pacs.decode.child_process import ChildProcess
from peers.polling import until


@pytest.fixture
def folders_of_a_child():
    """Starts a child and tells in which folders it looks before its own."""
    children = []

    def folders() -> list[str]:
        children.append(ChildProcess())
        environment = Path(f"/proc/{children[-1].pid}/environ")
        until(environment.read_bytes, timeout_s=10)  # empty while the program is being loaded
        given = dict(entry.partition("=")[::2] for entry in environment.read_text().split("\0"))
        return given["PYTHONPATH"].split(os.pathsep)

    yield folders
    for child in children:
        child.kill()


def test_a_package_that_its_parent_finds_the_child_finds(folders_of_a_child, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    assert str(tmp_path) in folders_of_a_child()


def test_this_package_comes_first(folders_of_a_child, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    own = Path(decode.__file__).resolve().parents[2]
    assert folders_of_a_child()[0] == str(own)


def test_folders_that_depend_on_where_a_process_stands_are_not_handed_over(folders_of_a_child, monkeypatch):
    monkeypatch.setattr(sys, "path", ["", ".", "modules", *sys.path])
    found = folders_of_a_child()
    assert all(Path(folder).is_absolute() for folder in found)
    assert "/modules" not in found
