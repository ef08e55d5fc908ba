"""Ending a connection that may be encrypted, without a wait and from any thread."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress


def shut_down(connection: socket.socket, how: int) -> None:
    """Ends one or both directions, encrypted or not; a thread that waits in the socket wakes."""
    with suppress(OSError):
        # SSLSocket's own method takes the encryption away first: a thread at work would go on in the clear.
        socket.socket.shutdown(connection, how)


def send_close_notify(connection: socket.socket) -> None:
    """Tells a peer under TLS that nothing follows (RFC 8446 6.1); its answer is not waited for."""
    if isinstance(connection, ssl.SSLSocket):
        connection.settimeout(0)
        with suppress(OSError, ValueError):
            connection.unwrap()
