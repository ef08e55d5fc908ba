"""Peers that hold or flood the listener, and those that are not who they should be."""

from __future__ import annotations

import itertools
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pynetdicom import AE

from hostile.gate import PDU_TIMEOUT_S, SLACK_S, Attack, Gate, answer_to, end_of
from images import image_dataset, save
from peers import storescu
from receiving import Instance, RawPeer, an_instance, associate_rq, p_data, pdu
from receiving.instances import CR, IMPLICIT, new_uid
from receiving.raw_peer import ABORT, COMMAND, DATA, LAST, VERIFICATION, c_store_rq, command

DEFLATED = "1.2.840.10008.1.2.1.99"
MANY = 300


def says(data: bytes, *, associated: bool = False) -> Attack:
    """These bytes, and then nothing."""

    def attack(gate: Gate) -> str:
        with gate.peer() as peer:
            if associated:
                peer.associate()
            peer.send(data)
            return end_of(peer)

    return attack


def begun_store(peer: RawPeer, instance: Instance) -> None:
    """The C-STORE-RQ of an instance whose Data Set is to follow."""
    uids = {0x0002: instance.sop_class_uid, 0x1000: instance.sop_instance_uid}
    peer.send(p_data(1, COMMAND | LAST, command(0x0001, has_data_set=True, uids=uids)))


def pours(chunks: Iterable[bytes], *, every_s: float = 0) -> Attack:
    """Chunks of a Data Set without an end."""

    def attack(gate: Gate) -> str:
        with gate.peer() as peer:
            peer.associate()
            begun_store(peer, an_instance())
            peer.pour(chunks, within_s=2 * SLACK_S, every_s=every_s)
            return "aborted"

    return attack


def one_byte_at_a_time(gate: Gate) -> str:
    with gate.peer() as peer:
        request = (bytes((byte,)) for byte in associate_rq() * 10)
        peer.pour(request, within_s=SLACK_S, every_s=PDU_TIMEOUT_S / 20)
        return "aborted"


def a_pdu_cut_short(gate: Gate) -> str:
    with gate.peer() as peer:
        peer.associate()
        begun_store(peer, an_instance())
        peer.send(p_data(1, DATA, bytes(1000))[:500])
        return end_of(peer)


def never_reads(gate: Gate) -> str:
    echo = p_data(3, COMMAND | LAST, command(0x0030, uids={0x0002: VERIFICATION.encode() + b"\0"}))
    with gate.peer() as peer:
        peer.associate()
        peer.pour(itertools.repeat(echo * 100), within_s=60)
        return "closed"


def many_silent_connections(gate: Gate) -> str:
    silent = [gate.peer() for _ in range(MANY)]
    try:
        for peer in silent[MANY // 2 :]:
            peer.send(b"\x01\x00\x00")
        with gate.peer() as peer:
            peer.associate()
            assert peer.c_store(an_instance()).status == 0
        return "others are served"
    finally:
        for peer in silent:
            peer.connection.close()


def many_that_connect_and_leave(gate: Gate) -> str:
    for _ in range(MANY):
        socket.create_connection(("127.0.0.1", gate.port)).close()
    return answer_to(gate)


def more_associations_than_allowed(gate: Gate) -> str:
    peers = [gate.peer() for _ in range(20)]
    try:
        for peer in peers:
            peer.associate()
        return answer_to(gate)
    finally:
        for peer in peers:
            peer.connection.close()


def pipelined(gate: Gate) -> str:
    instances = [an_instance() for _ in range(20)]
    with gate.peer() as peer:
        peer.associate()
        peer.send(b"".join(c_store_rq(instance, number) for number, instance in enumerate(instances, 1)))
        answers = [peer.answer() for _ in instances]
    assert [int.from_bytes(answer.elements[0x0120], "little") for answer in answers] == list(range(1, 21))
    assert not any(answer.status for answer in answers)
    return "each is answered, in order"


def abort_amid_a_transfer(gate: Gate) -> str:
    with gate.peer() as peer:
        peer.associate()
        assert peer.c_store(an_instance()).status == 0
        begun_store(peer, an_instance())
        peer.send(p_data(1, DATA, bytes(1000)) + pdu(ABORT, bytes(4)))
        return end_of(peer)


def deflated(gate: Gate) -> str:
    """The library's own negotiation: what does the acceptor take of it?"""
    entity = AE(ae_title="SCANNER")
    entity.add_requested_context(CR, [DEFLATED])
    entity.add_requested_context(VERIFICATION, [IMPLICIT])
    association = entity.associate("127.0.0.1", gate.port, ae_title="OSTEO_PACS")
    assert association.is_established
    results = {str(context.abstract_syntax): context.result for context in association.rejected_contexts}
    assert association.send_c_echo().Status == 0
    association.release()
    return f"context refused ({results[CR]})"


def by_the_library(*, calling: str = "SCANNER", called: str = "OSTEO_PACS") -> Attack:
    """An association that pynetdicom requests."""

    def attack(gate: Gate, *, is_again: bool = False) -> str:
        entity = AE(ae_title=calling)
        entity.add_requested_context(VERIFICATION, [IMPLICIT])
        association = entity.associate("127.0.0.1", gate.port, ae_title=called)
        if association.is_established:
            association.release()
            return "accepted"
        primitive = association.acceptor.primitive
        if primitive is None and not is_again:
            # A busy machine keeps the library's thread from asking within the second that the gate gives it.
            return attack(gate, is_again=True)
        return f"rejected {(primitive.result, primitive.result_source, primitive.diagnostic)}"

    return attack


def a_file_that_begins_as_a_program(gate: Gate) -> str:
    """DCMTK sends a Part 10 file whose preamble is that of a Windows program (PS3.10 7.1 lets it be anything)."""
    folder = Path(tempfile.mkdtemp())
    path = image_file(folder)
    path.write_bytes(b"MZ" + path.read_bytes()[2:])
    before = set(gate.spool.rglob("*.dcm"))
    storescu(gate.port, path, called="OSTEO_PACS", calling="SCANNER")
    [kept] = set(gate.spool.rglob("*.dcm")) - before
    shutil.rmtree(folder)
    return "0x0000, zeros are kept" if kept.read_bytes()[:132] == bytes(128) + b"DICM" else "kept as it came"


def image_file(folder: Path) -> Path:
    ds = image_dataset(np.zeros((8, 8), np.uint8), StudyInstanceUID=new_uid(), SeriesInstanceUID=new_uid())
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = new_uid()
    return save(ds, folder)


def from_a_foreign_address(gate: Gate) -> str:
    with gate.peer(source="127.0.0.2") as peer:
        peer.send(associate_rq())
        return end_of(peer)


def silent_under_tls(gate: Gate) -> str:
    with RawPeer(gate.port, timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        assert peer.is_closed()
        return "closed"


def silent_amid_the_handshake(gate: Gate) -> str:
    with RawPeer(gate.port, timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        peer.send(bytes.fromhex("1603010200010001fc0303"))
        assert peer.is_closed()
        return "closed"


def plain_where_tls_is_spoken(gate: Gate) -> str:
    with RawPeer(gate.port, timeout_s=PDU_TIMEOUT_S + SLACK_S) as peer:
        peer.send(associate_rq())
        assert peer.is_closed()
        return "closed"


def without_a_certificate(gate: Gate) -> str:
    try:
        with RawPeer(gate.port, timeout_s=PDU_TIMEOUT_S + SLACK_S, tls=gate.stranger) as peer:
            peer.send(associate_rq())
            kind, _ = peer.read()
            assert not kind
            return "closed"
    except (ssl.SSLError, ConnectionError):
        return "closed"
