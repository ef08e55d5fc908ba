"""A TCP proxy between two DICOM peers that stalls inside a PDU, swallows everything, or lets go."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from peers.programs import free_port

_HEADER = struct.Struct(">BBI")


@dataclass(frozen=True, slots=True)
class Stall:
    """Of the PDU of this number, from 1, the first bytes pass, then nothing does; the connection stays open."""

    pdu: int
    after_bytes: int = 3


class TcpProxy:
    """Passes connections on to ``target_port``.

    Args:
        answers: where what the acceptor sends stalls, on every connection; None: it passes. PDU 1 is its answer to
            the association's request.
        requests: where what the requestor sends stalls.
    """

    def __init__(self, target_port: int, *, answers: Stall | None = None, requests: Stall | None = None) -> None:
        self.port = free_port()
        self.connections = 0
        self.answers = answers
        self.requests = requests
        self._target_port = target_port
        self._sockets: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._listener is not None:
            _close(self._listener)
        self.drop()

    def drop(self) -> None:
        """Closes every connection that passes through."""
        while self._sockets:
            _close(self._sockets.pop())

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(client)
            self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target_port))
        except OSError:
            # Nobody listens behind it, so nobody listens here.
            _close(client)
            return
        self._sockets.append(server)
        for source, target, stall in ((client, server, self.requests), (server, client, self.answers)):
            with suppress(OSError):
                target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_pump, args=(source, target, stall), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket, stall: Stall | None) -> None:
    number = 0
    with suppress(OSError):
        while pdu := _read_pdu(source):
            number += 1
            if stall is not None and number == stall.pdu:
                target.sendall(pdu[: stall.after_bytes])
                _swallow(source)
                return
            target.sendall(pdu)
    _close(target)


def _swallow(source: socket.socket) -> None:
    # Only the end of the source ends a stalled direction; the target learns nothing of it.
    while source.recv(65536):
        pass


def _read_pdu(source: socket.socket) -> bytes:
    header = _read(source, _HEADER.size)
    if len(header) < _HEADER.size:
        return header
    return header + _read(source, _HEADER.unpack(header)[2])


def _read(source: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count and (part := source.recv(count - len(received))):
        received += part
    return received


def _close(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
