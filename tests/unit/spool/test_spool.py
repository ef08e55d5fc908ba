from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from pydicom import dcmread

from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.spool import Spool, SpoolFile, SpoolFull, SpoolUnusable

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
META = FileMeta("1.2.840.10008.5.1.4.1.1.1", "1.2.3", "1.2.840.10008.1.2", "SCANNER")
DATA_SET = b"\x10\x00\x20\x00\x02\x00\x00\x00ID"


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def test_a_folder_that_cannot_be_made_is_told_with_its_remedy():
    # /proc takes no folder, even from root.
    with pytest.raises(SpoolUnusable, match="/proc/nope: No such file") as caught:
        Spool(Path("/proc/nope"))
    assert "[spool] directory" in caught.value.remedy


def test_a_folder_that_may_not_be_written_is_told(spool, monkeypatch):
    spool.require_writable()
    monkeypatch.setattr("osteo_pacs.spool.os.access", lambda path, _mode: path.name != "instances")
    with pytest.raises(SpoolUnusable, match="instances may not be written"):
        spool.require_writable()


def keep(spool: Spool, data: bytes = DATA_SET, meta: FileMeta = META) -> str:
    file = spool.create(meta, NOW)
    write_and_sync(file, data)
    return file.path


def write_and_sync(file: SpoolFile, data: bytes = DATA_SET) -> None:
    file.write(memoryview(data))
    file.sync()


def files(spool: Spool) -> set[str]:
    return {str(path.relative_to(spool.directory)) for path in spool.directory.rglob("*") if path.is_file()}


def test_an_instance_is_a_part_10_file_with_the_bytes_as_they_came(spool):
    path = keep(spool)
    ds = dcmread(spool.path_of(path))
    assert ds.preamble == bytes(128)
    assert ds.PatientID == "ID"
    assert ds.file_meta.MediaStorageSOPClassUID == META.sop_class_uid
    assert ds.file_meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert ds.file_meta.SourceApplicationEntityTitle == "SCANNER"
    assert ds.file_meta.FileMetaInformationVersion == b"\0\1"
    with spool.open(path) as file:
        assert file.read().endswith(DATA_SET)


def test_a_file_knows_its_digest_and_its_size_as_it_grows(spool):
    file = spool.create(META, NOW)
    for byte in DATA_SET:
        file.write(memoryview(bytes((byte,))))
    assert (file.sha256, file.size_bytes) == (sha256(DATA_SET).hexdigest(), len(DATA_SET))
    assert file.header_bytes + file.size_bytes == spool.path_of(file.path).stat().st_size
    file.discard()


def test_names_are_digests_and_never_the_same(spool):
    one, other = keep(spool), keep(spool)
    assert one != other
    folder, day, name = one.split("/")
    assert (folder, day) == ("instances", "20260301")
    assert name.startswith(f"120000000000-{sha256(b'1.2.3').hexdigest()[:16]}-")
    assert "1.2.3" not in name


def test_files_and_folders_are_no_one_elses(spool):
    previous = os.umask(0)
    try:
        path = spool.path_of(keep(spool))
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (spool.directory, path.parent, path.parent.parent, spool.directory / "quarantine"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_file_that_the_disk_does_not_take_is_gone(spool, monkeypatch, call):
    kept = keep(spool)
    calls = []

    def fail(*args: object) -> int:
        calls.append(args)
        raise OSError(errno.ENOSPC, "No space left on device")

    file = spool.create(META, NOW)
    monkeypatch.setattr(f"osteo_pacs.spool.os.{call}", fail)
    with pytest.raises(SpoolFull, match="No space left"):
        write_and_sync(file)
    # A second fsync after a failed one would lie.
    assert len(calls) == 1
    assert files(spool) == {kept}


def test_a_file_that_cannot_be_begun_leaves_nothing(spool, monkeypatch):
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("osteo_pacs.spool.os.write", fail)
    with pytest.raises(SpoolFull):
        spool.create(META, NOW)
    assert not files(spool)


def test_a_short_write_is_continued(spool, monkeypatch):
    real = os.write
    monkeypatch.setattr("osteo_pacs.spool.os.write", lambda descriptor, view: real(descriptor, view[:7]))
    path = keep(spool)
    assert spool.path_of(path).read_bytes().endswith(DATA_SET)


def test_discarding_twice_is_fine(spool):
    file = spool.create(META, NOW)
    file.discard()
    file.discard()
    assert not files(spool)


@pytest.mark.parametrize("is_there_already", [True, False])
def test_a_file_its_name_and_the_folder_of_its_day_are_durable(spool, monkeypatch, is_there_already):
    if is_there_already:
        # Made by another process, which may not have come to its fsync.
        (spool.directory / "instances/20260301").mkdir()
    synced: list[str] = []
    real = os.fsync

    def spy(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(spool.directory)))
        real(descriptor)

    monkeypatch.setattr("osteo_pacs.spool.os.fsync", spy)
    one, other = keep(spool), keep(spool)
    folder = "instances/20260301"
    assert synced == ["instances", one, folder, other, folder]


def test_a_name_that_the_disk_does_not_take_takes_its_file_along(spool, monkeypatch):
    file = spool.create(META, NOW)
    real = os.fsync

    def fail_on_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr("osteo_pacs.spool.os.fsync", fail_on_folders)
    with pytest.raises(SpoolFull):
        write_and_sync(file)
    assert not files(spool)


def test_of_two_alike_the_first_stays(spool):
    one, resent = keep(spool), keep(spool)
    spool.keep_one(one, resent)
    assert files(spool) == {one}


def test_of_two_alike_the_second_takes_the_place_of_one_that_was_lost(spool):
    lost, resent = keep(spool), keep(spool)
    spool.path_of(lost).unlink()
    spool.keep_one(lost, resent)
    assert files(spool) == {lost}


def test_quarantine_sets_a_file_aside(spool):
    path = keep(spool)
    aside = spool.quarantine(path)
    assert aside.startswith("quarantine/")
    assert files(spool) == {aside}


def test_what_has_been_in_quarantine_for_long_is_told_with_its_size(spool):
    old, new = spool.quarantine(keep(spool)), spool.quarantine(keep(spool))
    os.utime(spool.path_of(old), (0, 0))
    size_bytes = spool.path_of(old).stat().st_size
    assert spool.quarantined(before=datetime.now(UTC) - timedelta(hours=1)) == {old: size_bytes}
    assert set(spool.quarantined(before=datetime.now(UTC) + timedelta(hours=1))) == {old, new}


def test_removing_what_is_gone_is_fine(spool):
    path = keep(spool)
    spool.remove(path)
    spool.remove(path)
    assert not files(spool)


def test_an_old_file_without_a_row_is_set_aside_and_one_that_was_given_up_is_removed(spool):
    old_known, old, given_up, new = keep(spool), keep(spool), keep(spool), keep(spool)
    aside = spool.quarantine(keep(spool))
    for path in (old_known, old, given_up, aside):
        os.utime(spool.path_of(path), (0, 0))
    hour = timedelta(hours=1)
    asked: list[str] = []

    def known(paths: list[str]) -> dict[str, bool]:
        asked.extend(paths)
        return {old_known: True, given_up: False}

    assert spool.clear_orphans(known, before=datetime.now(UTC) - hour) == (1, 1)
    assert files(spool) == {old_known, new, aside, f"quarantine/{Path(old).name}"}
    assert sorted(asked) == sorted((old_known, old, given_up, new))


def test_orphans_are_asked_for_in_pieces(spool, monkeypatch):
    monkeypatch.setattr("osteo_pacs.spool._CHUNK", 4)
    for _ in range(10):
        keep(spool)
    asked: list[int] = []
    cleared = spool.clear_orphans(
        lambda paths: asked.append(len(paths)) or {}, before=datetime.now(UTC) + timedelta(hours=1)
    )
    assert cleared == (0, 10)
    assert asked == [4, 4, 2]


def test_free_space_is_that_of_the_disk(spool):
    disk = os.statvfs(spool.directory)
    assert abs(spool.free_bytes() - disk.f_bavail * disk.f_frsize) < 1 << 30
