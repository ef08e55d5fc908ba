from __future__ import annotations

import socket
import struct
import threading

import pytest

from osteo_pacs.receive.pdu import AbortReason, PduType, ProtocolError
from osteo_pacs.receive.wire import PDU_CAP_BYTES, PeerGone, PeerTooSlow, Wire


@pytest.fixture
def ends():
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = socket.create_connection(server.getsockname())
        connection, _ = server.accept()
    with peer, connection:
        yield Wire(connection, pdu_timeout_s=0.3), peer


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(body)) + body


def test_pdus_are_read_whole_however_they_are_cut(ends):
    wire, peer = ends
    data = pdu(4, b"x" * 100) + pdu(4, b"y" * 70_000) + pdu(5, b"")

    def send() -> None:
        for start in range(0, len(data), 999):
            peer.sendall(data[start : start + 999])

    thread = threading.Thread(target=send)
    thread.start()
    assert wire.read(idle_s=5) == (PduType.P_DATA, b"x" * 100)
    assert wire.read(idle_s=5) == (PduType.P_DATA, b"y" * 70_000)
    assert wire.read(idle_s=5) == (PduType.RELEASE_RQ, b"")
    thread.join()


def test_silence_between_pdus_is_bounded_by_the_caller(ends):
    wire, _ = ends
    with pytest.raises(PeerTooSlow):
        wire.read(idle_s=0.05)
    assert not wire.is_inside_pdu


@pytest.mark.parametrize("begun", [b"\4", pdu(4, bytes(100))[:50]])
def test_a_begun_pdu_must_be_whole_in_time(ends, begun):
    wire, peer = ends
    peer.sendall(begun)
    with pytest.raises(PeerTooSlow):
        wire.read(idle_s=60)
    assert wire.is_inside_pdu


def test_a_closed_connection_is_a_peer_that_is_gone(ends):
    wire, peer = ends
    peer.sendall(pdu(4, bytes(100))[:50])
    peer.shutdown(socket.SHUT_WR)
    with pytest.raises(PeerGone):
        wire.read(idle_s=5)


def test_a_reset_is_a_peer_that_is_gone(ends):
    wire, peer = ends
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    with pytest.raises(PeerGone):
        wire.read(idle_s=5)
    with pytest.raises(PeerGone):
        wire.write(bytes(10))


def test_an_unknown_type_is_known_by_its_header(ends):
    wire, peer = ends
    peer.sendall(b"GET / HTTP/1.1")
    with pytest.raises(ProtocolError) as refused:
        wire.read(idle_s=5)
    assert refused.value.reason is AbortReason.UNRECOGNIZED_PDU


def test_a_length_over_the_cap_is_refused_unread(ends):
    wire, peer = ends
    peer.sendall(struct.pack(">BxL", 4, PDU_CAP_BYTES + 1))
    with pytest.raises(ProtocolError, match="cap"):
        wire.read(idle_s=5)


def test_a_peer_that_does_not_read_is_too_slow(ends):
    wire, _ = ends
    with pytest.raises(PeerTooSlow):
        wire.write(bytes(50_000_000))


def test_anyone_may_wake_the_reader(ends):
    wire, _ = ends
    timer = threading.Timer(0.05, wire.close_reading)
    timer.start()
    with pytest.raises(PeerGone):
        wire.read(idle_s=10)
    timer.join()


def test_what_was_written_last_reaches_a_peer_that_still_sends(ends):
    wire, peer = ends
    peer.sendall(bytes(1000))
    wire.write(b"the last word")
    closing = threading.Thread(target=wire.close, kwargs={"linger_s": 5})
    closing.start()
    assert peer.recv(100) == b"the last word"
    assert peer.recv(100) == b""
    peer.close()
    closing.join()


def test_closing_waits_no_longer_than_it_may(ends):
    wire, peer = ends
    wire.close(linger_s=0.05)
    assert peer.recv(100) == b""
    wire.close(linger_s=0.05)
