"""A disk that is really full, and a database that another process has locked."""

from __future__ import annotations

import os
import sqlite3

import pytest

from disks import small_disk
from osteo_pacs.db import session as session_module
from receiving import RawPeer, an_instance, running_listener

OUT_OF_RESOURCES = 0xA700
MIB = 1 << 20


def is_sound(database):
    with sqlite3.connect(database.file) as connection:
        [[verdict]] = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return verdict == "ok"


def test_an_instance_that_the_disk_has_no_room_for_leaves_nothing_and_harms_none(tmp_path):
    with (
        small_disk(tmp_path / "disk", 8) as disk,
        running_listener(disk) as listener,
        RawPeer(listener.port) as peer,
    ):
        peer.associate()
        assert peer.c_store(an_instance(pixels=bytes(100_000))).status == 0
        refused = peer.c_store(an_instance(pixels=bytes(9 * MIB)))
        assert (refused.status, refused.comment) == (OUT_OF_RESOURCES, "The spool cannot keep an instance.")
        assert len(listener.files()) == len(listener.instances()) == 1
        assert peer.c_store(an_instance(pixels=bytes(100_000))).status == 0
        assert is_sound(listener.database)


def test_a_database_that_the_disk_has_no_room_for_refuses_and_goes_on_with_room(tmp_path, monkeypatch):
    monkeypatch.setattr("osteo_pacs.receive.listener._watermark", lambda *_: lambda: True)
    with small_disk(tmp_path / "disk", 8) as disk, running_listener(disk) as listener:
        with RawPeer(listener.port) as peer:
            peer.associate()
            assert peer.c_store(an_instance()).status == 0
            free = os.statvfs(disk)
            filler = disk / "filler"
            filler.write_bytes(bytes(free.f_bavail * free.f_frsize - 8192))
            answers = [peer.c_store(an_instance()) for _ in range(20)]
            refused = {answer.status for answer in answers} - {0}
            assert refused == {OUT_OF_RESOURCES}
            assert peer.c_echo().status == 0
            filler.unlink()
            assert peer.c_store(an_instance()).status == 0
        taken = 2 + sum(answer.status == 0 for answer in answers)
        rows = {row.path for row in listener.instances()}
        files = {str(path.relative_to(listener.spool.directory)) for path in listener.files()}
        assert taken <= len(rows)
        assert rows <= files
        assert is_sound(listener.database)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(session_module, "BUSY_TIMEOUT_S", 0.3)


@pytest.mark.usefixtures("impatient")
def test_while_another_process_has_locked_the_database_instances_are_refused_and_echoes_answered(tmp_path):
    with running_listener(tmp_path) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        assert peer.c_store(an_instance()).status == 0
        other = sqlite3.connect(listener.database.file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        refused = peer.c_store(an_instance())
        assert (refused.status, refused.comment) == (OUT_OF_RESOURCES, "The database does not answer.")
        assert peer.c_echo().status == 0
        other.execute("ROLLBACK")
        other.close()
        assert peer.c_store(an_instance()).status == 0
        assert len(listener.files()) == len(listener.instances()) == 2
