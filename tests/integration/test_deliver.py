import socket
import threading
import time
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.uid import (
    BasicTextSRStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from osteo_pacs.config import Destination
from osteo_pacs.deliver import Deadline, EchoAnswered, EchoFailed, Instance, Sender, echo
from osteo_pacs.deliver.outcome import Answered, ContextRejected, NoAnswer, NotConnected
from peers import Abort, Answer, Disconnect, ScriptedScp, Silence, Stall, StoreScp, TcpProxy, free_port, until
from peers.documents import part10
from peers.fixtures import orthanc

__all__ = ["orthanc"]
SR = Instance.from_part10(part10())
SR_3D = Instance.from_part10(part10(Comprehensive3DSRStorage))


def destination(port, **settings):
    return Destination(**{"name": "pacs", "host": "127.0.0.1", "port": port, "ae_title": "SCRIPTED"} | settings)


@pytest.fixture
def senders():
    made = []

    def make(port, *, idle_s=60.0, **settings):
        made.append(Sender(destination(port, **settings), calling_ae_title="OSTEO_PACS", idle_s=idle_s))
        return made[-1]

    yield make
    for sender in made:
        sender.close()


def seconds_of(call):
    started_s = time.monotonic()
    call()
    return time.monotonic() - started_s


@pytest.mark.parametrize("status", [0x0000, 0x0111, 0xB000, 0xA700, 0x0110, 0xA900, 0xC000, 0x0122])
def test_status_of_the_destination_is_the_answer(senders, status):
    with ScriptedScp([Answer(status)]) as pacs:
        assert senders(pacs.port).store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, status)


def test_data_set_arrives_byte_for_byte_at_every_send(senders):
    with ScriptedScp([Answer(0xA700), Abort(), Answer(0)]) as pacs:
        sender = senders(pacs.port)
        for _ in range(2):
            sender.store([SR], Deadline.after(10))
    assert [received.data_set for received in pacs.received] == [SR.data_set] * 3
    assert {received.transfer_syntax_uid for received in pacs.received} == {ExplicitVRLittleEndian}


def test_data_set_is_converted_where_only_implicit_vr_is_taken(senders):
    with ScriptedScp(transfer_syntax_uids=[ImplicitVRLittleEndian]) as pacs:
        assert senders(pacs.port).store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, 0)
    [received] = pacs.received
    assert received.transfer_syntax_uid == ImplicitVRLittleEndian
    assert received.data_set == SR.encoded_in(ImplicitVRLittleEndian)


def test_first_alternative_that_is_taken_is_sent(senders):
    with ScriptedScp() as takes_both, ScriptedScp(sop_class_uids=[ComprehensiveSRStorage]) as takes_one:
        for pacs in (takes_both, takes_one):
            senders(pacs.port).store([SR_3D, SR], Deadline.after(10))
    assert [received.sop_class_uid for received in takes_both.received] == [Comprehensive3DSRStorage]
    assert [received.sop_class_uid for received in takes_one.received] == [ComprehensiveSRStorage]


def test_rejected_contexts_are_told_from_a_missing_peer(senders):
    with ScriptedScp(sop_class_uids=[BasicTextSRStorage]) as pacs:
        outcome = senders(pacs.port).store([SR_3D, SR], Deadline.after(10))
    assert outcome == ContextRejected((Comprehensive3DSRStorage, ComprehensiveSRStorage))


def test_one_association_serves_a_burst(senders):
    with ScriptedScp() as pacs:
        sender = senders(pacs.port)
        for _ in range(20):
            sender.store([SR], Deadline.after(10))
        assert (pacs.associations, len(pacs.received)) == (1, 20)


def test_a_large_instance_goes_out_in_the_pdus_that_the_peer_takes(senders):
    large = Instance.from_part10(part10(comment="x" * 3_000_000))
    with ScriptedScp() as pacs:
        senders(pacs.port).store([large], Deadline.after(20))
    assert pacs.received[0].data_set == large.data_set


def test_an_idle_association_is_released(senders):
    with ScriptedScp() as pacs:
        sender = senders(pacs.port, idle_s=0.0)
        sender.store([SR], Deadline.after(10))
        sender.close_if_idle()
        sender.store([SR], Deadline.after(10))
        assert pacs.associations == 2


def test_an_association_in_use_stays_open(senders):
    with ScriptedScp() as pacs:
        sender = senders(pacs.port)
        for _ in range(2):
            sender.store([SR], Deadline.after(10))
            sender.close_if_idle()
        assert pacs.associations == 1


def test_an_association_that_the_peer_has_ended_is_replaced(senders):
    with ScriptedScp() as pacs:
        sender = senders(pacs.port)
        sender.store([SR], Deadline.after(10))
        pacs.stop()
        pacs.start()
        assert sender.store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, 0)


@pytest.mark.parametrize("ending", [Abort(), Disconnect()])
def test_a_new_association_that_is_lost_leaves_the_outcome_unknown(senders, ending):
    with ScriptedScp([ending]) as pacs:
        assert isinstance(senders(pacs.port).store([SR], Deadline.after(10)), NoAnswer)
        assert len(pacs.received) == 1


@pytest.mark.parametrize("ending", [Abort(), Disconnect()])
def test_an_open_association_that_is_lost_is_replaced_at_once(senders, ending):
    with ScriptedScp([Answer(0), ending]) as pacs:
        sender = senders(pacs.port)
        sender.store([SR], Deadline.after(10))
        assert sender.store([SR], Deadline.after(10)) == Answered(SR.sop_instance_uid, 0)
        assert len(pacs.received) == 3


def test_a_silent_destination_is_given_up_at_the_deadline(senders):
    with ScriptedScp([Silence()]) as pacs:
        sender = senders(pacs.port)
        took_s = seconds_of(lambda: sender.store([SR], Deadline.after(0.5)))
    assert 0.4 < took_s < 1.5


@pytest.mark.parametrize(("pdu", "after_bytes"), [(1, 0), (1, 3), (1, 40), (2, 0), (2, 3), (2, 40)])
def test_a_stall_inside_an_answer_is_given_up_at_the_deadline(senders, pdu, after_bytes):
    with ScriptedScp() as pacs, TcpProxy(pacs.port, answers=Stall(pdu, after_bytes)) as proxy:
        sender = senders(proxy.port)
        outcomes = []
        took_s = seconds_of(lambda: outcomes.append(sender.store([SR], Deadline.after(0.5))))
    assert 0.4 < took_s < 1.5
    assert isinstance(outcomes[0], NotConnected if pdu == 1 else NoAnswer)


def test_a_destination_that_stops_reading_is_given_up_at_the_deadline(senders):
    # More than the socket buffers of both sides hold.
    large = Instance.from_part10(part10(comment="x" * 30_000_000))
    with socket.create_server(("127.0.0.1", 0)) as deaf, ScriptedScp() as pacs:
        sender = senders(deaf.getsockname()[1])
        threading.Thread(target=_accept_and_read_no_more, args=(deaf, pacs.port), daemon=True).start()
        took_s = seconds_of(lambda: sender.store([large], Deadline.after(1)))
    assert 0.9 < took_s < 3


def _accept_and_read_no_more(listener, pacs_port):
    requestor, _ = listener.accept()
    with requestor, socket.create_connection(("127.0.0.1", pacs_port)) as acceptor:
        acceptor.sendall(requestor.recv(65536))
        requestor.sendall(acceptor.recv(65536))
        acceptor.recv(1)


def test_connecting_has_a_deadline_of_its_own(senders):
    with ScriptedScp() as pacs, TcpProxy(pacs.port, answers=Stall(1, 0)) as proxy:
        sender = senders(proxy.port, connect_timeout_s=0.3)
        assert seconds_of(lambda: sender.store([SR], Deadline.after(30))) < 1.5


def test_a_destination_that_is_down_is_told_and_found_again(senders):
    port = free_port()
    sender = senders(port)
    assert sender.store([SR], Deadline.after(5)) == NotConnected(
        "the connection was refused; is it running, and are host and port right?"
    )
    with ScriptedScp(port=port):
        assert sender.store([SR], Deadline.after(5)) == Answered(SR.sop_instance_uid, 0)


def test_an_unknown_host_is_told(senders):
    assert isinstance(
        senders(104, host="no-such-host.invalid", allow_plain=True).store([SR], Deadline.after(5)), NotConnected
    )


def test_a_destination_that_does_not_know_us_is_told_with_the_remedy(senders):
    with ScriptedScp(knows=["SOMEONE"]) as pacs:
        outcome = senders(pacs.port).store([SR], Deadline.after(5))
    assert isinstance(outcome, NotConnected)
    assert "it does not know OSTEO_PACS; register this AE title" in outcome.reason


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x02\x00\xff\xff\xff\xff", b"\x03\x00\x00\x00\x00\x01x"]
)
def test_a_peer_that_speaks_no_dicom_is_told(senders, words):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        threading.Thread(target=_say, args=(stranger, words), daemon=True).start()
        outcome = senders(stranger.getsockname()[1]).store([SR], Deadline.after(5))
    assert isinstance(outcome, NotConnected)


def _say(listener, words):
    peer, _ = listener.accept()
    with peer:
        peer.recv(65536)
        peer.sendall(words)
        peer.recv(65536)


def test_our_calling_ae_title_is_the_destinations_own_where_it_names_one(senders):
    with ScriptedScp() as pacs:
        senders(pacs.port, calling_ae_title="AI_ONE").store([SR], Deadline.after(5))
        senders(pacs.port).store([SR], Deadline.after(5))
    assert [received.calling_ae_title for received in pacs.received] == ["AI_ONE", "OSTEO_PACS"]


def test_interrupt_ends_a_send_in_hand_and_every_later_one(senders):
    with ScriptedScp([Silence()]) as pacs:
        sender = senders(pacs.port)
        outcomes = []
        thread = threading.Thread(target=lambda: outcomes.append(sender.store([SR], Deadline.after(60))))
        thread.start()
        until(lambda: pacs.received)
        sender.interrupt()
        thread.join(5)
        assert not thread.is_alive()
        assert isinstance(outcomes[0], NoAnswer)
        assert isinstance(sender.store([SR], Deadline.after(60)), NotConnected)


def test_echo_tells_which_sop_classes_are_taken():
    with ScriptedScp(sop_class_uids=[ComprehensiveSRStorage]) as pacs:
        outcome = echo(destination(pacs.port), calling_ae_title="OSTEO_PACS")
    assert isinstance(outcome, EchoAnswered)
    assert outcome.sop_class_uids == (ComprehensiveSRStorage,)


def test_echo_fails_with_the_reason():
    assert isinstance(echo(destination(free_port()), calling_ae_title="OSTEO_PACS"), EchoFailed)


def test_echo_has_a_deadline():
    with ScriptedScp() as pacs, TcpProxy(pacs.port, answers=Stall(2, 3)) as proxy:
        silent = destination(proxy.port, connect_timeout_s=0.5)
        assert seconds_of(lambda: echo(silent, calling_ae_title="OSTEO_PACS")) < 1.5


def test_orthanc_takes_what_is_sent(orthanc, senders):
    text = Instance.from_part10(part10(BasicTextSRStorage))
    sender = senders(orthanc.port)
    for instance in (SR_3D, text):
        assert sender.store([instance], Deadline.after(10)) == Answered(instance.sop_instance_uid, 0)
    assert {ds.SOPInstanceUID for ds in orthanc.instances()} == {SR_3D.sop_instance_uid, text.sop_instance_uid}


@pytest.mark.parametrize("args", [(), ("--implicit",), ("--max-pdu", "4096")])
def test_dcmtk_takes_what_is_sent(senders, tmp_path, args):
    with StoreScp(tmp_path / "received", args=args) as pacs:
        outcome = senders(pacs.port).store([SR], Deadline.after(10))
        [received] = pacs.instances()
    assert outcome == Answered(SR.sop_instance_uid, 0)
    assert received.SOPInstanceUID == SR.sop_instance_uid
    assert received.StudyInstanceUID == dcmread_bytes(SR).StudyInstanceUID


def dcmread_bytes(instance):
    return dcmread(BytesIO(instance.data_set), force=True)
