"""Connections: accepted, bounded, each served by a thread of its own, and ended at the stop.

A peer that has connected and not yet requested an association holds no association's place. There is room for a
number of such peers; when it is full, the one that has waited longest is closed in favour of the newest, so that
any number of silent peers never keep out one that speaks.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from threading import Event, Lock, Thread

from osteo_pacs import log
from osteo_pacs.errors import ConfigurationError
from osteo_pacs.receive.association import LINGER_S, Association, Scope
from osteo_pacs.receive.wire import Wire

BACKLOG = 128
ACCEPT_S = 0.2
DRAIN_EVERY_S = 0.02
IDLE_AT_STOP_S = 0.5
MAX_WAITING = 64


class PortTaken(ConfigurationError):
    """The listener's address cannot be used."""

    remedy = "Choose another [listener] host or port, or end the program that has it."


def bind(host: str, port: int, *, is_shared: bool) -> socket.socket:
    """A listening socket; with ``is_shared`` several processes may have one on the same port.

    Raises:
        PortTaken: another program has the port, or the host is none of this machine's.
    """
    listening = _bound(host, port, is_shared=is_shared)
    try:
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise PortTaken(f"{host}:{port}: {error.strerror}") from error
    listening.settimeout(ACCEPT_S)
    return listening


def require_port(host: str, port: int, *, is_shared: bool) -> None:
    """Looks whether ``bind`` could have the port now; no peer can connect meanwhile.

    Raises:
        PortTaken: another program has the port, or the host is none of this machine's.
    """
    _bound(host, port, is_shared=is_shared).close()


def _bound(host: str, port: int, *, is_shared: bool) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortTaken(f"{host}:{port}: {error.strerror}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise PortTaken(f"{host}:{port}: {error.strerror}") from error
    return bound


class Server:
    """The connections of one listener process."""

    def __init__(self, listening: socket.socket, scope: Scope) -> None:
        self._listening = listening
        self._scope = scope
        self._lock = Lock()
        self._associations: list[Association] = []

    def serve(self, stop: Event) -> None:
        """Accepts connections until ``stop``."""
        while not stop.is_set():
            try:
                connection, address = self._listening.accept()
            except TimeoutError:
                continue
            except OSError as error:
                # Out of descriptors, mostly: those of silent peers come back.
                log.get_logger().warning("connection_not_accepted", error=error.strerror)
                self._make_room(1)
                stop.wait(ACCEPT_S)
                continue
            self._take(connection, address[0])

    def drain(self, deadline_s: float) -> int:
        """Takes no one any more, lets peers finish what they are sending, and returns how many were cut off."""
        self._listening.close()
        self._scope.admission.close()
        self._wait_until_empty(deadline_s, lambda association: association.stop_if_idle(idle_s=IDLE_AT_STOP_S))
        cut_off = len(self._open())
        self._wait_until_empty(LINGER_S, Association.stop)
        return cut_off

    def _wait_until_empty(self, seconds: float, each: Callable[[Association], None]) -> None:
        deadline = self._scope.monotonic() + seconds
        while (open_now := self._open()) and self._scope.monotonic() < deadline:
            for association in open_now:
                each(association)
            time.sleep(DRAIN_EVERY_S)

    def _take(self, connection: socket.socket, peer: str) -> None:
        if not self._scope.admission.knows_address(peer):
            log.get_logger().warning("address_refused", peer=peer)
            self._scope.receiver.journal.refusals.note(peer, "", "address")
            connection.close()
            return
        self._make_room(MAX_WAITING)
        try:
            if self._scope.credentials:
                # The handshake is the association's, in a thread of its own.
                connection = self._scope.credentials.wrap(connection)
            self._start(connection, peer)
        except (OSError, RuntimeError) as error:
            # Reset before we came to it, or no thread to be had: the next one may be luckier.
            log.get_logger().warning("connection_not_served", peer=peer, error_type=type(error).__name__)
            connection.close()

    def _start(self, connection: socket.socket, peer: str) -> None:
        wire = Wire(connection, pdu_timeout_s=self._scope.rules.pdu_timeout_s)
        association = Association(wire, peer, self._scope)
        with self._lock:
            self._associations.append(association)
        # A daemon: a peer that cannot be shaken off must not keep the process alive.
        try:
            Thread(target=self._run, args=(association,), name="association", daemon=True).start()
        except RuntimeError:
            self._forget(association)
            raise

    def _run(self, association: Association) -> None:
        try:
            association.run()
        finally:
            self._forget(association)

    def _forget(self, association: Association) -> None:
        with self._lock:
            self._associations.remove(association)

    def _make_room(self, room: int) -> None:
        waiting = [association for association in self._open() if not association.is_established]
        for association in waiting[: max(0, len(waiting) - room + 1)]:
            association.stop()

    def _open(self) -> list[Association]:
        with self._lock:
            return list(self._associations)
