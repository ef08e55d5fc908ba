"""An Audit Record Repository at the other end of syslog over TLS (RFC 5425, PS3.15 A.6).

Syslog has no answers. What tells that the repository has read everything is the end of the connection: we say that
we are done (close_notify), and it ends it too, with a word or without one. A repository that refuses our
certificate says so after the handshake only (TLS 1.3); one that dies with something unread resets the connection.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from osteo_pacs.config.audit import Audit
from osteo_pacs.errors import RetryableError

T = TypeVar("T")
RECEIVED_AT_ONCE = 65_536


class RepositoryUnreachable(RetryableError):
    """The Audit Record Repository does not take the audit trail."""

    remedy = "See that it runs, and that [audit] host, port, ca, certificate and key are right; nothing is lost."


def send_frames(frames: Sequence[bytes], audit: Audit) -> None:
    """Sends these frames over one connection; returns when the repository has read them.

    Raises:
        RepositoryUnreachable: it may have read some of them, or none.
    """
    try:
        context = tls_context(audit)
        with socket.create_connection((audit.host, audit.port), timeout=audit.timeout_s) as connection:
            tls = _Tls(connection, context, audit.host)
            tls.send(b"".join(frames))
            tls.finish()
    except OSError as error:
        raise RepositoryUnreachable(_reason(error)) from error


def tls_context(audit: Audit) -> ssl.SSLContext:
    """TLS 1.2 and up; the repository must show a certificate for its name.

    Raises:
        OSError: a file cannot be read, or holds no certificate or key.
    """
    context = ssl.create_default_context(cafile=audit.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if audit.certificate:
        # Without a password given OpenSSL would ask for it on a terminal.
        context.load_cert_chain(audit.certificate, audit.key, password="")
    return context


class _Tls:
    """TLS over a connection, with its bytes in our hands.

    ``SSLSocket.unwrap`` takes the alert of a repository that refuses us for the end that we wait for: after it
    nothing can be told apart. Here nothing is received before our close_notify is out, and then it is read.
    """

    def __init__(self, connection: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._until_done(self._tls.do_handshake)

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
            self._flush()

    def finish(self) -> None:
        """Ends the connection, and returns when the other side has ended it too."""
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self._flush()
        # A repository has nothing to say; whatever it says is passed over.
        with suppress(ssl.SSLZeroReturnError, ssl.SSLEOFError):
            while self._until_done(lambda: self._tls.read(RECEIVED_AT_ONCE)):
                pass

    def _until_done(self, step: Callable[[], T]) -> T:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._receive()
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        self._connection.sendall(self._outgoing.read())

    def _receive(self) -> None:
        if received := self._connection.recv(RECEIVED_AT_ONCE):
            self._incoming.write(received)
        else:
            self._incoming.write_eof()


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS failed"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or type(error).__name__
