"""Peers that speak badly: each is closed in bounded time, and an honest one is served meanwhile and after."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time

import pytest

from certificates import under_tls
from hostile.protocol import GARBAGE, PROTOCOL_ERRORS
from peers import until
from receiving import RawPeer, an_instance, associate_rq, p_data, pdu, running_listener
from receiving.instances import CR, IMPLICIT
from receiving.raw_peer import (
    ABORT,
    CLOSED,
    COMMAND,
    DATA,
    LAST,
    VERIFICATION,
    c_store_rq,
    command,
    item,
)

PDU_TIMEOUT_S = 1.0
MAX_INSTANCE_MIB = 1
SLACK_S = 4.0


@pytest.fixture(scope="module", params=["plain", "TLS"])
def listener(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("listener")
    with running_listener(
        folder,
        **(under_tls(folder) if request.param == "TLS" else {}),
        pdu_timeout_s=PDU_TIMEOUT_S,
        idle_timeout_s=30,
        max_instance_mib=MAX_INSTANCE_MIB,
        max_associations=10,
        max_associations_per_peer=10,
    ) as running:
        yield running


def serve_an_honest_peer(listener, *, within_s: float = 2.0) -> None:
    started = time.monotonic()
    with listener.peer() as peer:
        peer.associate()
        assert peer.c_store(an_instance()).status == 0
        assert peer.c_echo().status == 0
        peer.release()
    assert time.monotonic() - started < within_s


@pytest.fixture(autouse=True)
def honest_peer_afterwards(listener):
    yield
    serve_an_honest_peer(listener)
    # Rows and files go together: nothing that was cut off stays.
    until(lambda: len(listener.files()) == len(listener.instances()))


def fragment(size: int) -> bytes:
    return p_data(1, DATA, bytes(size))


def begun_store(peer: RawPeer) -> None:
    peer.associate()
    instance = an_instance()
    uids = {0x0002: instance.sop_class_uid, 0x1000: instance.sop_instance_uid}
    peer.send(p_data(1, COMMAND | LAST, command(0x0001, has_data_set=True, uids=uids)))


@pytest.mark.parametrize("case", GARBAGE)
def test_what_is_no_association_request_is_aborted_at_once(listener, case):
    with listener.peer(timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        peer.send(GARBAGE[case])
        kind, _ = peer.read()
        assert kind in {ABORT, CLOSED}
        assert peer.is_closed()


UNUSUAL = {
    "an unknown user identity type": item(0x58, bytes((99, 0)) + struct.pack(">H2sH", 2, b"me", 0)),
    "an unknown user item": item(0x7F, b"whatever"),
    "asynchronous operations": item(0x53, struct.pack(">HH", 8, 8)),
}


@pytest.mark.parametrize("case", UNUSUAL)
def test_what_is_only_unknown_in_a_request_is_passed_over(listener, case):
    with listener.peer() as peer:
        peer.associate(user=UNUSUAL[case])
        assert peer.c_store(an_instance()).status == 0


def test_a_syntax_with_odd_characters_is_only_rejected(listener):
    with listener.peer() as peer:
        peer.associate(
            contexts=[(1, CR, ("1.2.é\0\n",)), (3, VERIFICATION, (IMPLICIT,)), (5, "../x", (IMPLICIT,))]
        )
        assert peer.c_echo().status == 0


def test_a_release_is_answered_and_the_connection_ends(listener):
    with listener.peer() as peer:
        peer.associate()
        peer.release()
        assert peer.is_closed()


@pytest.mark.parametrize("begun", [b"", b"\x01\x00\x00", associate_rq()[:40]])
def test_silence_before_the_association_ends_it(listener, begun):
    with listener.peer(timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        peer.send(begun)
        assert peer.is_closed()


def test_silence_inside_a_pdu_ends_the_association(listener):
    with listener.peer(timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        begun_store(peer)
        peer.send(fragment(1000)[:500])
        assert peer.read()[0] == ABORT
        assert peer.is_closed()


def test_one_byte_at_a_time_ends_the_association(listener):
    with listener.peer() as peer:
        peer.associate()
        # Slower than the deadline allows, faster than a silence.
        peer.pour((bytes((byte,)) for byte in fragment(100_000)), within_s=SLACK_S, every_s=PDU_TIMEOUT_S / 20)


@pytest.mark.parametrize("size", [0, 1])
def test_endless_small_fragments_end_the_association(listener, size):
    with listener.peer() as peer:
        begun_store(peer)
        peer.pour(itertools.repeat(fragment(size)), within_s=SLACK_S, every_s=0.005)


def test_a_data_set_over_the_cap_ends_the_association(listener):
    with listener.peer() as peer:
        begun_store(peer)
        peer.pour([fragment(65_536)] * 16 * (MAX_INSTANCE_MIB + 4), within_s=SLACK_S)


def test_endless_commands_end_the_association(listener):
    with listener.peer() as peer:
        peer.associate()
        for _ in range(3):
            peer.send(p_data(1, COMMAND, bytes(8000)))
        assert peer.read()[0] == ABORT
        assert peer.is_closed()


@pytest.mark.parametrize("case", PROTOCOL_ERRORS)
def test_a_protocol_error_is_aborted(listener, case):
    with listener.peer() as peer:
        peer.associate()
        peer.send(PROTOCOL_ERRORS[case])
        assert peer.read()[0] == ABORT
        assert peer.is_closed()


def test_a_command_amid_a_data_set_is_aborted(listener):
    with listener.peer() as peer:
        begun_store(peer)
        peer.send(fragment(100) + p_data(1, COMMAND | LAST, command(0x0030)))
        assert peer.read()[0] == ABORT
        assert peer.is_closed()


def test_half_headers_from_more_peers_than_the_limit_keep_no_one_out(listener):
    silent = [listener.peer() for _ in range(300)]
    try:
        for peer in silent[200:]:
            peer.send(b"\x01\x00\x00")
        for _ in range(5):
            serve_an_honest_peer(listener)
    finally:
        for peer in silent:
            peer.connection.close()


def test_peers_that_connect_and_leave_keep_no_place(listener):
    for _ in range(200):
        socket.create_connection(("127.0.0.1", listener.port)).close()
    serve_an_honest_peer(listener)


def test_pipelined_messages_are_answered_in_their_order(listener):
    instances = [an_instance() for _ in range(20)]
    with listener.peer() as peer:
        peer.associate()
        peer.send(b"".join(c_store_rq(instance, number) for number, instance in enumerate(instances, 1)))
        answers = [peer.answer() for _ in instances]
    assert [int.from_bytes(answer.elements[0x0120], "little") for answer in answers] == list(range(1, 21))
    assert not any(answer.status for answer in answers)


def test_several_fragments_in_one_pdu_are_a_message(listener):
    instance = an_instance()
    with listener.peer() as peer:
        peer.associate()
        message = c_store_rq(instance, cut=50)
        fragments, offset = b"", 0
        while offset < len(message):
            _, length = struct.unpack_from(">BxL", message, offset)
            fragments += message[offset + 6 : offset + 6 + length]
            offset += 6 + length
        peer.send(pdu(4, fragments))
        assert peer.answer().status == 0
    [kept] = [row for row in listener.instances() if row.sop_instance_uid == instance.uid]
    assert kept.sha256 == instance.sha256


def test_an_abort_amid_a_transfer_keeps_what_was_acknowledged(listener):
    kept = an_instance()
    with listener.peer() as peer:
        peer.associate()
        assert peer.c_store(kept).status == 0
        peer.send(c_store_rq(an_instance(pixels=bytes(100_000)))[:50_000])
        peer.send(pdu(ABORT, bytes(4)))
    with listener.peer() as peer:
        begun_store(peer)
        peer.send(fragment(1000) + pdu(ABORT, bytes(4)))
        assert peer.is_closed()
    assert kept.uid in {row.sop_instance_uid for row in listener.instances()}


def test_a_peer_that_never_reads_is_left(listener):
    with listener.peer() as peer:
        peer.associate()
        threads = threading.active_count()
        echo = p_data(3, COMMAND | LAST, command(0x0030, uids={0x0002: VERIFICATION.encode() + b"\0"}))
        peer.pour(itertools.repeat(echo * 100), within_s=60)
        until(lambda: threading.active_count() < threads)
