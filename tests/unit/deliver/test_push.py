from __future__ import annotations

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from osteo_pacs.deliver.association import Peer
from osteo_pacs.deliver.push import MAX_CONTEXTS, part10_files, push
from peers import Abort, Answer, Disconnect, ScriptedScp, Silence, free_port


@pytest.fixture
def write(tmp_path):
    def write_file(
        name,
        sop_class_uid=ComputedRadiographyImageStorage,
        syntax=ExplicitVRLittleEndian,
        uid="2.25.1",
    ):
        ds = Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = sop_class_uid, uid
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = syntax
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ds.save_as(path, enforce_file_format=True)
        return path

    return write_file


def send(scp, *paths, timeout_s=10.0):
    port = scp if isinstance(scp, int) else scp.port
    return list(push(paths, Peer("127.0.0.1", port, "SCRIPTED", "TEST"), timeout_s=timeout_s))


def test_a_file_is_stored_with_the_bytes_that_lie_on_disk(write):
    path = write("a.dcm")
    with ScriptedScp() as scp:
        [pushed] = send(scp, path)
    assert (pushed.path, pushed.is_stored, pushed.status) == (path, True, 0x0000)
    [received] = scp.received
    assert received.sop_instance_uid == "2.25.1"
    assert path.read_bytes().endswith(received.data_set)
    assert received.calling_ae_title == "TEST"


def test_files_of_several_kinds_share_an_association_each_in_its_own_syntax(write):
    files = [
        write("1", syntax=ImplicitVRLittleEndian, uid="2.25.1"),
        write("2", syntax=ExplicitVRLittleEndian, uid="2.25.2"),
        write("3", SecondaryCaptureImageStorage, JPEG2000Lossless, "2.25.3"),
        write("4", SecondaryCaptureImageStorage, RLELossless, "2.25.4"),
    ]
    syntaxes = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless]
    with ScriptedScp(transfer_syntax_uids=syntaxes) as scp:
        assert all(pushed.is_stored for pushed in send(scp, *files))
    assert [received.transfer_syntax_uid for received in scp.received] == syntaxes
    assert scp.associations == 1


def test_more_kinds_than_an_association_can_negotiate_go_over_a_second_one(write):
    classes = [*(f"2.25.77.{number}" for number in range(MAX_CONTEXTS)), ComputedRadiographyImageStorage]
    files = [write(f"{n:03d}", sop_class, uid=f"2.25.{n + 1}") for n, sop_class in enumerate(classes)]
    with ScriptedScp() as scp:
        outcomes = send(scp, *files)
    assert scp.associations == 2
    assert [pushed.is_stored for pushed in outcomes] == [False] * MAX_CONTEXTS + [True]


def test_what_the_listener_does_not_take_fails_alone_and_is_named(write):
    files = [write("a", CTImageStorage, uid="2.25.1"), write("b", uid="2.25.2")]
    with ScriptedScp() as scp:
        refused, stored = send(scp, *files)
    assert not refused.is_stored
    assert refused.status is None
    assert refused.detail == "CT Image Storage in Explicit VR Little Endian is not taken there"
    assert stored.is_stored


@pytest.mark.parametrize("status", [0xB000, 0x0111])
def test_a_warning_and_a_duplicate_count_as_stored(write, status):
    with ScriptedScp([Answer(status)]) as scp:
        [pushed] = send(scp, write("a"))
    assert pushed.is_stored
    assert pushed.status == status


def test_a_failure_status_is_told_and_the_next_file_is_sent(write):
    with ScriptedScp([Answer(0xA700)]) as scp:
        failed, stored = send(scp, write("a", uid="2.25.1"), write("b", uid="2.25.2"))
    assert (failed.is_stored, failed.status) == (False, 0xA700)
    assert "out of resources" in failed.detail
    assert stored.is_stored


@pytest.mark.parametrize("action", [Abort(), Disconnect()])
def test_after_a_lost_association_the_next_file_goes_over_a_new_one(write, action):
    with ScriptedScp([action]) as scp:
        lost, stored = send(scp, write("a", uid="2.25.1"), write("b", uid="2.25.2"))
        assert scp.associations == 2
    assert (lost.is_stored, lost.status) == (False, None)
    assert "no answer to C-STORE" in lost.detail
    assert stored.is_stored


def test_a_listener_that_never_answers_costs_no_more_than_the_timeout(write):
    with ScriptedScp([Silence()]) as scp:
        [pushed] = send(scp, write("a"), timeout_s=0.2)
    assert not pushed.is_stored
    assert "nothing came in time" in pushed.detail


def test_where_nobody_listens_every_file_fails_with_the_reason(write):
    outcomes = send(free_port(), write("a"), write("b", CTImageStorage))
    assert [pushed.is_stored for pushed in outcomes] == [False, False]
    assert all("connection was refused" in pushed.detail for pushed in outcomes)


def test_where_we_are_not_known_every_file_fails_with_the_reason(write):
    with ScriptedScp(knows=["OTHER"]) as scp:
        [pushed] = send(scp, write("a"))
    assert "does not know TEST" in pushed.detail


@pytest.mark.parametrize(
    "content", [b"", b"text", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\2\0\0\0UL\4\0\1"]
)
def test_a_file_that_is_no_part_10_file_fails_alone(write, tmp_path, content):
    (tmp_path / "no.dcm").write_bytes(content)
    with ScriptedScp() as scp:
        failed, stored = send(scp, tmp_path / "no.dcm", write("b"))
    assert not failed.is_stored
    assert "no Part 10 file" in failed.detail
    assert stored.is_stored


def test_a_file_that_cannot_be_read_fails_alone(write, tmp_path):
    with ScriptedScp() as scp:
        failed, stored = send(scp, tmp_path, write("b"))
    assert "cannot be read" in failed.detail
    assert stored.is_stored


def test_a_folder_gives_its_part_10_files_in_order_and_nothing_else(write, tmp_path):
    second, first = write("x/b.dcm"), write("x/a/IM1")
    (tmp_path / "x" / "notes.txt").write_text("none")
    assert part10_files(tmp_path / "x") == [first, second]
