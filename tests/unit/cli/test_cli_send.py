from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.dicom.sop_classes import COMPREHENSIVE_SR
from peers import ScriptedScp
from terminal import run_on_terminal


@pytest.fixture
def listener(tmp_path):
    """What stands at the configured port."""
    with ScriptedScp(ae_title="OSTEO_PACS") as scp:
        configure(tmp_path, scp.port)
        yield scp


@pytest.fixture
def write(tmp_path):
    def write_file(name, sop_class_uid=COMPREHENSIVE_SR):
        ds = Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = sop_class_uid, f"2.25.{len(name)}"
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ds.save_as(path, enforce_file_format=True)
        return path

    return write_file


def configure(folder, port, lines=""):
    (folder / "config.toml").write_text(f"[listener]\nport = {port}\n{lines}")


def test_files_and_folders_are_pushed_to_the_configured_listener(run, listener, write):
    write("study/1")
    write("study/22")
    result = run("send", "study", write("333.dcm"))
    assert result.exit_code == ExitCode.OK, result.output
    assert result.stdout.splitlines() == ["3 of 3 stored.", "Next: `osteo-pacs study list`."]
    assert len(listener.received) == 3
    assert {received.calling_ae_title for received in listener.received} == {"OSTEO_SEND"}


def test_a_file_that_fails_is_named_and_the_exit_code_tells(run, listener, write):
    result = run("send", write("a.dcm"), write("bb.dcm", CTImageStorage))
    assert result.exit_code == ExitCode.FAILED
    assert "bb.dcm: CT Image Storage" in result.stderr
    assert "1 of 2 stored." in result.stdout
    assert len(listener.received) == 1


def test_json_tells_each_file(run, listener, write):
    result = run("send", write("a.dcm"), write("bb.dcm", CTImageStorage), "--json")
    assert result.exit_code == ExitCode.FAILED
    answer = json.loads(result.stdout)
    assert (answer["stored"], answer["failed"]) == (1, 1)
    assert [(file["ok"], file["status"]) for file in answer["files"]] == [(True, 0), (False, None)]
    assert answer["files"][0]["path"].endswith("a.dcm")
    assert len(listener.received) == 1


def test_on_a_terminal_a_bar_counts_the_files(listener, write, tmp_path):
    write("study/1")
    write("study/22")
    status, screen = run_on_terminal("send", "study", folder=tmp_path)
    assert status == ExitCode.OK, screen
    assert "Sending" in screen
    assert "2/2" in screen
    assert len(listener.received) == 2


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_away_from_a_terminal_no_bar_is_drawn(run, listener, write, options):
    assert run("send", write("a.dcm"), *options).stderr == ""
    assert len(listener.received) == 1


def test_the_first_calling_ae_title_that_the_listener_allows_is_used(run, listener, write, tmp_path):
    configure(tmp_path, listener.port, 'calling_ae_titles = ["DXA1", "DXA2"]\n')
    assert run("send", write("a.dcm")).exit_code == ExitCode.OK
    assert run("send", write("a.dcm"), "--calling-ae-title", "DXA2").exit_code == ExitCode.OK
    assert [received.calling_ae_title for received in listener.received] == ["DXA1", "DXA2"]


def test_what_is_no_ae_title_is_wrong_usage(run, listener, write):
    result = run("send", write("a.dcm"), "--calling-ae-title", "SEVENTEEN_LETTERS")
    assert result.exit_code == ExitCode.USAGE
    assert listener.received == []


def test_without_a_listener_that_is_told_once_with_where_and_the_next_command(run, write, tmp_path):
    configure(tmp_path, 1)
    write("study/1")
    write("study/22")
    result = run("send", "study")
    assert result.exit_code == ExitCode.FAILED
    reason, remedy = result.stderr.splitlines()
    assert reason.startswith("OSTEO_PACS at 127.0.0.1:1: the connection was refused")
    assert "`osteo-pacs serve`" in remedy
    assert result.stdout == "0 of 2 stored.\n"


def test_a_file_that_could_not_be_read_is_named_also_without_a_listener(run, write, tmp_path):
    configure(tmp_path, 1)
    (tmp_path / "text").write_text("no DICOM")
    result = run("send", "text", write("a.dcm"))
    assert "text: it is no Part 10 file" in result.stderr
    assert "the connection was refused" in result.stderr


def test_a_listener_that_turns_this_machine_away_is_told_with_the_address_to_add(run, write, tmp_path):
    with turning_away() as port:
        configure(tmp_path, port, 'host = "0.0.0.0"\ncalling_ae_titles = ["DXA"]\naddresses = ["10.0.0.0/8"]\n')
        result = run("send", write("a.dcm"))
    assert result.exit_code == ExitCode.FAILED
    assert "the connection was closed" in result.stderr
    assert "add 127.0.0.1" in result.stderr


@contextmanager
def turning_away():
    """Closes every connection at once, as the listener does to an address that it does not know."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def close_one():
            server.accept()[0].close()

        thread = threading.Thread(target=close_one)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_path_that_is_not_there_sends_nothing(run, listener, write):
    result = run("send", write("a.dcm"), "nowhere")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert "nowhere" in result.stderr
    assert listener.received == []


def test_a_folder_without_dicom_files_is_told(run, listener, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("send", "empty")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert listener.received == []
