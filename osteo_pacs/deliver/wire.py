"""PDUs on a socket, each within a deadline (PS3.8 9.3).

The library's own reactor waits for the rest of a PDU for ever, whatever timeouts are set. Here the socket is
read and written in the caller's thread, and no wait outlives its deadline; the library encodes and decodes.
Read against pynetdicom 3.0.4: its ``pdu`` and ``dimse_messages`` modules.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from dataclasses import dataclass
from typing import Any

from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_RELEASE_RP, A_RELEASE_RQ, P_DATA_TF

from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.errors import RetryableError
from osteo_pacs.tls.certificates import Certificate, shown_by
from osteo_pacs.tls.contexts import client_context
from osteo_pacs.tls.files import ClientTls
from osteo_pacs.tls.sockets import send_close_notify, shut_down

Pdu = A_ASSOCIATE_AC | A_ASSOCIATE_RJ | P_DATA_TF | A_RELEASE_RQ | A_RELEASE_RP | A_ABORT_RQ

MAX_PDU_BYTES = 1 << 20
"""What a peer may send us at once: responses are small."""
_HEADER = struct.Struct(">BBI")
_READ_BYTES = 64 * 1024
_PDU_TYPES: dict[int, type[Pdu]] = {
    0x02: A_ASSOCIATE_AC,
    0x03: A_ASSOCIATE_RJ,
    0x04: P_DATA_TF,
    0x05: A_RELEASE_RQ,
    0x06: A_RELEASE_RP,
    0x07: A_ABORT_RQ,
}


class NotDicom(RetryableError):
    """The peer's bytes are not the DICOM that was expected."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """What TLS a connection is under: its version, and the peer's certificate."""

    version: str
    certificate: Certificate


class Wire:
    """A TCP connection to a peer, plain or under TLS.

    Every method but ``cut`` belongs to one thread, and raises OSError when the connection is lost, TimeoutError
    among them when the deadline passes.
    """

    def __init__(self) -> None:
        self.encryption: Encryption | None = None
        self._socket: socket.socket | None = None
        self._is_cut = False

    def connect(self, host: str, port: int, deadline: Deadline) -> None:
        """Connects to the first of the host's addresses that answers."""
        error: OSError = OSError(f"{host} has no address")
        for family, address in resolve(host, port, deadline):
            try:
                return self._connect(family, address, deadline)
            except OSError as failure:
                self.close()
                error = failure
        raise error

    def _connect(self, family: int, address: Any, deadline: Deadline) -> None:
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        if self._is_cut:
            raise ConnectionAbortedError
        # Nagle's algorithm holds the last segment back until the peer's delayed ACK: 40 ms for every report.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(deadline.remaining_s())
        self._socket.connect(address)

    def secure(self, tls: ClientTls, deadline: Deadline) -> None:
        """Begins TLS: both sides show their certificates, and the peer's must have the name it is called by.

        Raises:
            OSError: one side does not accept the other.
            TlsFilesUnusable: our files.
        """
        context = client_context(tls.files)
        connection = context.wrap_socket(
            self._open, server_hostname=tls.server_name, do_handshake_on_connect=False
        )
        self._socket = connection
        # The socket that another thread may have cut is no longer this one.
        if self._is_cut:
            raise ConnectionAbortedError
        connection.settimeout(deadline.remaining_s())
        connection.do_handshake()
        self.encryption = Encryption(connection.version() or "", shown_by(connection))

    def send(self, content: bytes, deadline: Deadline) -> None:
        """Sends all of the content."""
        self._open.settimeout(deadline.remaining_s())
        self._open.sendall(content)

    def receive(self, deadline: Deadline) -> Pdu:
        """The next PDU from the peer.

        Raises:
            NotDicom: it is too long, of an unexpected type, or cannot be decoded.
        """
        header = self._read(_HEADER.size, deadline)
        pdu_type, _, length = _HEADER.unpack(header)
        if pdu_type not in _PDU_TYPES or length > MAX_PDU_BYTES:
            raise NotDicom(f"a PDU of type {pdu_type} and length {length}")
        pdu = _PDU_TYPES[pdu_type]()
        content = header + self._read(length, deadline)
        try:
            pdu.decode(content)
        except Exception as error:
            # The decoder meets a peer's bytes with whatever fails first.
            raise NotDicom(f"{type(pdu).__name__} cannot be decoded") from error
        return pdu

    def is_silent(self) -> bool:
        """False once the peer has sent something that nobody asked for, or has closed the connection."""
        if isinstance(self._open, ssl.SSLSocket):
            return _is_silent_under_tls(self._open)
        return not select.select([self._open], [], [], 0)[0]

    def cut(self) -> None:
        """Ends every wait of this connection at once; the one method that another thread may call."""
        self._is_cut = True
        if self._socket is not None:
            shut_down(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the connection, whatever its state."""
        if self._socket is not None:
            send_close_notify(self._socket)
            shut_down(self._socket, socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None

    @property
    def _open(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionAbortedError
        return self._socket

    def _read(self, count: int, deadline: Deadline) -> bytes:
        received = bytearray()
        while len(received) < count:
            self._open.settimeout(deadline.remaining_s())
            part = self._open.recv(min(count - len(received), _READ_BYTES))
            if not part:
                raise ConnectionResetError
            received += part
        return bytes(received)


def resolve(host: str, port: int, deadline: Deadline) -> list[tuple[int, Any]]:
    """The address families and addresses of a host, in the resolver's order.

    The resolver has timeouts of its own, which may be longer than ours: it works in a thread that is left behind.

    Raises:
        OSError: the name is not known, or the deadline has passed.
    """
    answer: list[list[tuple[int, Any]] | OSError] = []

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.append([(family, address) for family, _, _, _, address in found])
        except OSError as error:
            answer.append(error)

    thread = threading.Thread(target=look_up, daemon=True, name=f"resolve-{host}")
    thread.start()
    thread.join(deadline.remaining_s())
    if not answer:
        raise TimeoutError
    if isinstance(answer[0], OSError):
        raise answer[0]
    return answer[0]


def _is_silent_under_tls(connection: ssl.SSLSocket) -> bool:
    # Bytes that came may be TLS's own, such as a ticket, and bytes of the peer may lie decrypted already.
    connection.settimeout(0)
    try:
        connection.recv(1)
    except ssl.SSLWantReadError:
        return True
    except OSError:
        return False
    return False
