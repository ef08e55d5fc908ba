"""A peer at the level of bytes: it speaks the protocol as well or as badly as the test tells it."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from receiving.instances import CR, IMPLICIT, Instance, uid_value

VERIFICATION = "1.2.840.10008.1.1"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
CONTEXTS = ((1, CR, (IMPLICIT,)), (3, VERIFICATION, (IMPLICIT,)))
Context = tuple[int, str | None, Sequence[str]]

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
CLOSED = 0
"""What ``read`` says when the connection has ended."""

COMMAND, DATA, LAST = 1, 0, 2
ENDED = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, ssl.SSLError)
"""How a connection says that its other end has closed it."""


@dataclass(frozen=True)
class Answered:
    """A DIMSE response."""

    status: int
    comment: str
    elements: dict[int, bytes]


def pdu(kind: int, body: bytes) -> bytes:
    """A PDU with a true length."""
    return struct.pack(">BxL", kind, len(body)) + body


def item(kind: int, value: bytes) -> bytes:
    """An item of an A-ASSOCIATE PDU."""
    return struct.pack(">BxH", kind, len(value)) + value


def proposed_context(context_id: int, abstract_syntax: str | None, transfer_syntaxes: Sequence[str]) -> bytes:
    """A Presentation Context item; None leaves the abstract syntax out."""
    abstract = b"" if abstract_syntax is None else item(0x30, abstract_syntax.encode())
    transfer = b"".join(item(0x40, syntax.encode()) for syntax in transfer_syntaxes)
    return item(0x20, bytes((context_id, 0, 0, 0)) + abstract + transfer)


def associate_rq(
    *,
    called: str = "OSTEO_PACS",
    calling: str = "SCANNER",
    contexts: Sequence[Context] = CONTEXTS,
    application_context: str = APPLICATION_CONTEXT,
    version: int = 1,
    user: bytes = b"",
) -> bytes:
    """An A-ASSOCIATE-RQ; ``user`` are further items of the user information."""
    fixed = struct.pack(">HH16s16s32x", version, 0, called.ljust(16).encode(), calling.ljust(16).encode())
    information = item(0x50, item(0x51, struct.pack(">L", 16_384)) + item(0x52, b"1.2.3") + user)
    proposed = b"".join(proposed_context(*context) for context in contexts)
    return pdu(ASSOCIATE_RQ, fixed + item(0x10, application_context.encode()) + proposed + information)


def p_data(context_id: int, control: int, fragment: bytes) -> bytes:
    """A P-DATA-TF with one fragment."""
    return pdu(P_DATA, struct.pack(">LBB", len(fragment) + 2, context_id, control) + fragment)


def command(
    field: int, message_id: int = 1, *, has_data_set: bool = False, uids: dict[int, bytes] | None = None
) -> bytes:
    """A request's command set."""
    elements = {0x0100: field, 0x0110: message_id, 0x0800: 0x0001 if has_data_set else 0x0101}
    values = {number: struct.pack("<H", value) for number, value in elements.items()} | (uids or {})
    encoded = b"".join(struct.pack("<HHL", 0, n, len(value)) + value for n, value in sorted(values.items()))
    return struct.pack("<HHLL", 0, 0, 4, len(encoded)) + encoded


def c_store_rq(instance: Instance, message_id: int = 1, *, context_id: int = 1, cut: int = 16_000) -> bytes:
    """The whole message, in fragments of ``cut`` bytes."""
    uids = {0x0002: instance.sop_class_uid, 0x1000: instance.sop_instance_uid}
    data_set = instance.data_set
    fragments = [data_set[start : start + cut] for start in range(0, len(data_set), cut)] or [b""]
    return b"".join((
        p_data(context_id, COMMAND | LAST, command(0x0001, message_id, has_data_set=True, uids=uids)),
        *(p_data(context_id, DATA, fragment) for fragment in fragments[:-1]),
        p_data(context_id, DATA | LAST, fragments[-1]),
    ))  # fmt: skip


class RawPeer:
    """A connection to a listener on loopback, under TLS if it is told how; every wait ends after ``timeout_s``.

    ``source`` is the address that it comes from.
    """

    def __init__(
        self, port: int, *, timeout_s: float = 10, tls: ssl.SSLContext | None = None, source: str = ""
    ) -> None:
        comes_from = (source, 0) if source else None
        self.connection = socket.create_connection(("127.0.0.1", port), timeout_s, comes_from)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.connection = tls.wrap_socket(self.connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pour(self, chunks: Iterable[bytes], *, within_s: float, every_s: float = 0) -> None:
        """Sends one after the other until the listener ends the connection, which it must."""
        deadline = time.monotonic() + within_s
        self.connection.settimeout(within_s)
        for chunk in chunks:
            assert time.monotonic() < deadline, "the listener still listens"
            try:
                self.connection.sendall(chunk)
            except ENDED:
                return
            time.sleep(every_s)
        raise AssertionError("the listener took everything")

    def read(self) -> tuple[int, bytes]:
        """The next PDU's type and body; (CLOSED, b"") at the end."""
        header = self._exactly(6)
        if len(header) < 6:
            return CLOSED, b""
        kind, length = struct.unpack(">BxL", header)
        return kind, self._exactly(length)

    def associate(self, **request: object) -> None:
        """Requests an association that must be accepted."""
        self.send(associate_rq(**request))  # type: ignore[arg-type]
        kind, body = self.read()
        assert kind == ASSOCIATE_AC, (kind, body)

    def answer(self) -> Answered:
        """The next response."""
        kind, body = self.read()
        assert kind == P_DATA, (kind, body)
        elements, offset = {}, 6
        while offset < len(body):
            _, number, length = struct.unpack_from("<HHL", body, offset)
            elements[number] = body[offset + 8 : offset + 8 + length]
            offset += 8 + length
        comment = elements.get(0x0902, b"").decode().rstrip()
        return Answered(int.from_bytes(elements[0x0900], "little"), comment, elements)

    def c_store(self, instance: Instance, message_id: int = 1, **how: int) -> Answered:
        self.send(c_store_rq(instance, message_id, **how))
        return self.answer()

    def c_echo(self) -> Answered:
        uids = {0x0002: uid_value(VERIFICATION)}
        self.send(p_data(3, COMMAND | LAST, command(0x0030, uids=uids)))
        return self.answer()

    def release(self) -> None:
        self.send(pdu(RELEASE_RQ, bytes(4)))
        assert self.read()[0] == RELEASE_RP

    def is_closed(self) -> bool:
        """Waits for the end of the connection, past whatever is still said; a timeout is a failed test."""
        try:
            while self.connection.recv(65_536):
                pass
        except ENDED:
            pass
        return True

    def _exactly(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            try:
                chunk = self.connection.recv(count - len(received))
            except ENDED:
                chunk = b""
            if not chunk:
                break
            received += chunk
        return received
