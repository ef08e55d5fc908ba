"""Where a bad input arrives, and how its answer is told in words."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from receiving import Instance, RawPeer, associate_rq
from receiving.raw_peer import ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, CLOSED

PDU_TIMEOUT_S = 1.0
SLACK_S = 4.0
MAX_INSTANCE_MIB = 8
LOCAL_LIMIT_EXCEEDED = (2, 3, 2)
"""Rejected transient, by the presentation layer: this time and place are taken (PS3.8 Table 9-21)."""


@dataclass(frozen=True)
class Gate:
    """A listener that runs as a process; the deadlines of what attacks it are its own with some slack."""

    port: int
    spool: Path
    tls: ssl.SSLContext | None = None
    stranger: ssl.SSLContext | None = None
    """Without a certificate."""
    outcomes: Callable[[str], str] = field(default=lambda _: "")
    """How a study ended."""

    def peer(self, *, source: str = "") -> RawPeer:
        """A connection, from another address of this machine where one is named."""
        return RawPeer(self.port, timeout_s=PDU_TIMEOUT_S + SLACK_S, tls=self.tls, source=source)

    def guest(self) -> RawPeer | None:
        """An associated peer; None where every place is taken for now (PS3.8 9.3.4, rejected transient)."""
        peer = self.peer()
        peer.send(associate_rq())
        kind, body = peer.read()
        if kind == ASSOCIATE_AC:
            return peer
        peer.connection.close()
        assert (kind, *body[1:]) == (ASSOCIATE_RJ, *LOCAL_LIMIT_EXCEEDED), (kind, body)
        return None


Attack = Callable[[Gate], str]


def end_of(peer: RawPeer) -> str:
    """What became of the connection: within the peer's timeout it must end."""
    kind, _ = peer.read()
    assert peer.is_closed()
    return {ABORT: "aborted", CLOSED: "closed"}[kind]


def answer_to(gate: Gate, **request: Any) -> str:
    """The answer to an association request."""
    with gate.peer() as peer:
        peer.send(associate_rq(**request))
        kind, body = peer.read()
        if kind == ASSOCIATE_AC:
            return "accepted"
        assert kind == ASSOCIATE_RJ, kind
        assert peer.is_closed()
        return f"rejected {(body[1], body[2], body[3])}"


def status_of(gate: Gate, instance: Instance, *, syntax: str = "") -> str:
    """The status that answers a C-STORE; the same association then brings an echo through."""
    with gate.peer() as peer:
        contexts = {"contexts": [(1, _text(instance.sop_class_uid), (syntax,)), *ECHO]} if syntax else {}
        peer.associate(**contexts)
        answered = peer.c_store(instance)
        assert len(answered.comment) <= 64
        assert peer.c_echo().status == 0
        peer.release()
    return f"0x{answered.status:04X}"


def _text(uid: bytes) -> str:
    return uid.rstrip(b"\0").decode()


ECHO = ((3, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),)
