"""Peers that mean no good, or know no better: each ends by itself, whatever the listener does."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from random import Random

from receiving import RawPeer, an_instance
from receiving.instances import uid_value
from receiving.raw_peer import ABORT, P_DATA, associate_rq, c_store_rq, pdu

WAITS_S = 5
Attack = Callable[[RawPeer, Random], object]


def half_a_header(peer: RawPeer, _random: Random) -> None:
    peer.send(b"\x01\x00\x00")


def another_protocol(peer: RawPeer, _random: Random) -> None:
    peer.send(b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n")
    peer.is_closed()


def a_pdu_over_the_cap(peer: RawPeer, _random: Random) -> None:
    peer.associate()
    peer.send(b"\x04\x00\xff\xff\xff\xff" + bytes(1000))
    peer.is_closed()


def noise(peer: RawPeer, random: Random) -> None:
    peer.send(random.randbytes(random.randint(1, 5000)))


def noise_amid_an_association(peer: RawPeer, random: Random) -> None:
    peer.associate()
    peer.send(pdu(P_DATA, random.randbytes(random.randint(1, 5000))))
    peer.is_closed()


def an_unknown_called_title(peer: RawPeer, _random: Random) -> None:
    peer.send(associate_rq(called="SOMEBODY"))
    peer.read()


def a_uid_that_is_a_path(peer: RawPeer, _random: Random) -> None:
    peer.associate()
    peer.c_store(an_instance().changed(SOP_INSTANCE_UID=b"../../etc/passwd"))


def an_empty_data_set(peer: RawPeer, _random: Random) -> None:
    peer.associate()
    peer.c_store(an_instance().changed(STUDY_INSTANCE_UID=None, SERIES_INSTANCE_UID=uid_value("1.2")))


def an_abort_amid_a_transfer(peer: RawPeer, random: Random) -> None:
    peer.associate()
    message = c_store_rq(an_instance(pixels=bytes(200_000)))
    peer.send(message[: random.randint(100, len(message) - 1)] + pdu(ABORT, bytes(4)))


def a_connection_cut_amid_a_transfer(peer: RawPeer, random: Random) -> None:
    peer.associate()
    message = c_store_rq(an_instance(pixels=bytes(200_000)))
    peer.send(message[: random.randint(100, len(message) - 1)])


ATTACKS: tuple[Attack, ...] = (
    half_a_header,
    another_protocol,
    a_pdu_over_the_cap,
    noise,
    noise_amid_an_association,
    an_unknown_called_title,
    a_uid_that_is_a_path,
    an_empty_data_set,
    an_abort_amid_a_transfer,
    a_connection_cut_amid_a_transfer,
)


def attack(port: int, random: Random) -> str:
    """One of them; its name. A listener that is away, or closes first, is as good as one that answers."""
    chosen = random.choice(ATTACKS)
    with suppress(OSError, AssertionError), RawPeer(port, timeout_s=WAITS_S) as peer:
        chosen(peer, random)
    return chosen.__name__


def touch(port: int, count: int) -> None:
    """Peers that connect and leave."""
    for _ in range(count):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=WAITS_S).close()
