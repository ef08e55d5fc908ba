import pytest
from pydicom import dcmread
from pydicom.uid import BasicTextSRStorage, ComprehensiveSRStorage, ImplicitVRLittleEndian

from peers import (
    Abort,
    Answer,
    MissingProgram,
    Orthanc,
    ScriptedScp,
    Silence,
    Stall,
    StoreScp,
    TcpProxy,
    dcmsend,
    echoscu,
    program,
    storescu,
    until,
)
from peers.documents import part10


@pytest.fixture
def sr(tmp_path):
    path = tmp_path / "sr.dcm"
    path.write_bytes(part10())
    return path


def test_orthanc_keeps_what_it_got_over_a_restart(tmp_path, sr):
    with Orthanc(tmp_path / "orthanc") as pacs:
        echoscu(pacs.port)
        storescu(pacs.port, sr)
        pacs.stop()
        pacs.start()
        [ds] = pacs.instances()
    assert ds.SOPInstanceUID == dcmread(sr).SOPInstanceUID


def test_orthanc_finds_instances_by_study_and_sop_class(tmp_path, sr):
    text = tmp_path / "text.dcm"
    study_instance_uid = dcmread(sr).StudyInstanceUID
    text.write_bytes(part10(BasicTextSRStorage, study_instance_uid=study_instance_uid))
    other = tmp_path / "other.dcm"
    other.write_bytes(part10())
    with Orthanc(tmp_path / "orthanc") as pacs:
        storescu(pacs.port, sr, text, other)
        assert pacs.count() == 3
        assert len(pacs.study_instance_uids()) == 2
        assert len(pacs.instances(study_instance_uid)) == 2
        [ds] = pacs.instances(study_instance_uid, sop_class_uid=BasicTextSRStorage)
    assert ds.SOPClassUID == BasicTextSRStorage


def test_storescp_keeps_the_bytes_of_the_data_set(tmp_path, sr):
    with StoreScp(tmp_path / "received") as peer:
        dcmsend(peer.port, sr)
        [path] = list(peer.folder.iterdir())
    sent, kept = dcmread(sr), dcmread(path)
    assert kept == sent
    assert path.read_bytes()[-100:] == sr.read_bytes()[-100:]


def test_scripted_scp_follows_its_script(sr):
    with ScriptedScp([Answer(0xA700), Abort()]) as peer:
        assert storescu(peer.port, sr, is_success=False).statuses == (0xA700,)
        assert storescu(peer.port, sr, is_success=False).statuses == ()
        assert storescu(peer.port, sr).statuses == (0,)
    assert peer.sop_instance_uids == [dcmread(sr).SOPInstanceUID] * 3
    assert len({received.digest for received in peer.received}) == 1


def test_scripted_scp_stays_silent_until_it_is_stopped(sr):
    with ScriptedScp([Silence()]) as peer:
        storescu(peer.port, sr, args=("-td", "1", "-ta", "1"), is_success=False)
        assert len(peer.received) == 1


def test_scripted_scp_rejects_contexts_and_callers(sr):
    with ScriptedScp(sop_class_uids=[BasicTextSRStorage], knows=["SCANNER"]) as peer:
        storescu(peer.port, sr, calling="STRANGER", is_success=False)
        storescu(peer.port, sr, calling="SCANNER", is_success=False)
    assert peer.received == []
    assert peer.associations == 1


def test_scripted_scp_may_take_one_transfer_syntax(sr):
    with ScriptedScp(
        sop_class_uids=[ComprehensiveSRStorage], transfer_syntax_uids=[ImplicitVRLittleEndian]
    ) as peer:
        storescu(peer.port, sr)
    assert [received.transfer_syntax_uid for received in peer.received] == [ImplicitVRLittleEndian]


def test_proxy_passes_whole_conversations(sr):
    with ScriptedScp() as peer, TcpProxy(peer.port) as proxy:
        storescu(proxy.port, sr)
        assert proxy.connections == 1
    assert len(peer.received) == 1


def test_proxy_stalls_inside_the_answer(sr):
    with ScriptedScp() as peer, TcpProxy(peer.port, answers=Stall(pdu=2, after_bytes=3)) as proxy:
        storescu(proxy.port, sr, args=("-td", "1", "-ta", "1"), is_success=False)
        until(lambda: len(peer.received) == 1)


def test_missing_program_is_named_with_the_command_that_installs_it():
    with pytest.raises(MissingProgram, match=r"\.ci/install-peers"):
        program("no-such-program")
