"""The byte stream of one peer, in whole PDUs and within deadlines.

A peer may be silent between two PDUs for as long as the caller says; once it has begun one, the whole of it must
come within ``pdu_timeout_s``, however it is cut. Deadlines run on the monotonic clock.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from osteo_pacs.errors import PermanentError
from osteo_pacs.receive.pdu import HEADER, AbortReason, PduType, ProtocolError
from osteo_pacs.tls.certificates import Certificate, shown_by
from osteo_pacs.tls.sockets import send_close_notify, shut_down
from osteo_pacs.tls.words import describe_loss

MAX_PDU_BYTES = 131_072
"""What we offer as the largest PDU (PS3.8 D.1); with 16 kB a Data Set costs eight times as many."""
PDU_CAP_BYTES = 1_048_576
"""What we take at most, for peers that do not heed the offer."""
_TYPES = frozenset(map(int, PduType))
_TLS_HANDSHAKE = 0x16
"""The first byte of a peer that begins with TLS (RFC 8446 5.1)."""


class PeerGone(PermanentError):
    """The peer closed the connection."""


class PeerTooSlow(PermanentError):
    """The peer did not send in time."""


class HandshakeRefused(PermanentError):
    """The peer does not speak TLS as we do, or one side does not accept the other's certificate."""


class Pdu(NamedTuple):
    """A PDU; ``body`` is valid until the next one is read."""

    kind: PduType
    body: memoryview


class Wire:
    """A connection to a peer, plain or under TLS.

    Reading and writing are one thread's; ``close_reading`` is anyone's.
    """

    def __init__(
        self, connection: socket.socket, *, pdu_timeout_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._pdu_timeout_s = pdu_timeout_s
        self._monotonic = monotonic
        self.is_inside_pdu = False
        self._header = memoryview(bytearray(HEADER.size))
        self._body = memoryview(bytearray())
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def shake_hands(self, *, timeout_s: float) -> Certificate | None:
        """Begins TLS where the connection is under it, and returns the peer's certificate.

        Raises:
            HandshakeRefused: by either side, with the reason, or the whole of it took longer than ``timeout_s``.
            PeerGone: the connection ended.
        """
        if not isinstance(self._connection, ssl.SSLSocket):
            return None
        self._connection.settimeout(timeout_s)
        try:
            self._connection.do_handshake()
        except TimeoutError as error:
            # No slow peer as any other: what is written now would wait for the handshake once more.
            raise HandshakeRefused("it did not finish the handshake in time") from error
        except OSError as error:
            if isinstance(error, ssl.SSLError) and (reason := describe_loss(error)):
                raise HandshakeRefused(reason) from error
            raise PeerGone(describe_loss(error)) from error
        return shown_by(self._connection)

    def read(self, *, idle_s: float) -> Pdu:
        """The next PDU.

        Raises:
            PeerGone: the connection ended.
            PeerTooSlow: nothing came for ``idle_s``, or the PDU is not whole in time.
            ProtocolError: no PDU of PS3.8, or one over the cap.
        """
        first = self._receive(self._header, idle_s)
        self.is_inside_pdu = True
        deadline = self._monotonic() + self._pdu_timeout_s
        self._fill(self._header[first:], deadline)
        kind, length = HEADER.unpack(self._header)
        if kind not in _TYPES:
            is_tls = kind == _TLS_HANDSHAKE and not isinstance(self._connection, ssl.SSLSocket)
            what = "TLS where plain DICOM is spoken" if is_tls else "a PDU of an unknown type"
            raise ProtocolError(what, AbortReason.UNRECOGNIZED_PDU)
        if length > PDU_CAP_BYTES:
            raise ProtocolError("a PDU over the cap")
        if length > len(self._body):
            self._body = memoryview(bytearray(length))
        body = self._body[:length]
        self._fill(body, deadline)
        self.is_inside_pdu = False
        return Pdu(PduType(kind), body)

    def write(self, data: bytes) -> None:
        """Sends all of it.

        Raises:
            PeerGone: the connection ended.
            PeerTooSlow: the peer does not take it in time.
        """
        self._connection.settimeout(self._pdu_timeout_s)
        try:
            self._connection.sendall(data)
        except TimeoutError as error:
            raise PeerTooSlow("does not read") from error
        except OSError as error:
            raise PeerGone(describe_loss(error)) from error

    def close_reading(self) -> None:
        """Wakes the thread that reads, as if the peer had closed."""
        shut_down(self._connection, socket.SHUT_RD)

    def close(self, *, linger_s: float = 0) -> None:
        """Ends the connection; ``linger_s`` is how long the peer has to take what was sent last."""
        with suppress(OSError):
            send_close_notify(self._connection)
            shut_down(self._connection, socket.SHUT_WR)
            deadline = self._monotonic() + linger_s
            budget_bytes = PDU_CAP_BYTES
            # Closing with unread input resets the connection and takes our last PDU with it.
            while (left := deadline - self._monotonic()) > 0 and budget_bytes > 0:
                self._connection.settimeout(left)
                # What still comes is thrown away, so it need not be decrypted.
                received = len(socket.socket.recv(self._connection, 65_536))
                budget_bytes = budget_bytes - received if received else 0
        self._connection.close()

    def _fill(self, view: memoryview, deadline: float) -> None:
        while view:
            view = view[self._receive(view, deadline - self._monotonic()) :]

    def _receive(self, view: memoryview, timeout_s: float) -> int:
        if timeout_s <= 0:
            raise PeerTooSlow("a PDU took too long")
        self._connection.settimeout(timeout_s)
        try:
            count = self._connection.recv_into(view)
        except TimeoutError as error:
            raise PeerTooSlow("was silent") from error
        except OSError as error:
            raise PeerGone(describe_loss(error)) from error
        if not count:
            raise PeerGone
        return count
