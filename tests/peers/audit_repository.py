"""An Audit Record Repository: a receiver of syslog over TLS that keeps what it was sent."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import trustme

LIMIT_S = 10


class AuditRepository:
    """Takes connections one after the other on loopback.

    Attributes:
        messages: every message so far, without its frame.
        end: what it does with a connection that the sender has closed: answers (RFC 5425), closes or resets it.
    """

    def __init__(self, folder: Path, *, name: str = "127.0.0.1", client_ca: trustme.CA | None = None) -> None:
        self.messages: list[bytes] = []
        self.connections = 0
        self.end: Callable[[ssl.SSLSocket], None] = answer
        authority = trustme.CA()
        self.ca = folder / "repository-ca.pem"
        authority.cert_pem.write_to_path(self.ca)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self._context)
        if client_ca:
            client_ca.configure_trust(self._context)
            self._context.verify_mode = ssl.CERT_REQUIRED
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT_S)
        self._listening.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(LIMIT_S)
            try:
                with self._context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True) as wrapped:
                    self._read(wrapped)
            except OSError:
                # The sender does not trust us, or shows no certificate: its log says so.
                continue
            finally:
                connection.close()

    def _read(self, wrapped: ssl.SSLSocket) -> None:
        if self.end is reset:
            wrapped.recv(1)
            reset(wrapped)
            return
        data = b"".join(iter(lambda: wrapped.recv(65_536), b""))
        start = 0
        while start < len(data):
            space = data.index(b" ", start)
            end = space + 1 + int(data[start:space])
            self.messages.append(data[space + 1 : end])
            start = end
        self.end(wrapped)


def answer(wrapped: ssl.SSLSocket) -> None:
    """Says that it is done, too."""
    wrapped.unwrap()


def just_close(wrapped: ssl.SSLSocket) -> None:
    """Closes, as rsyslog does."""
    wrapped.close()


def reset(wrapped: ssl.SSLSocket) -> None:
    """Dies with something unread."""
    wrapped.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wrapped.close()
