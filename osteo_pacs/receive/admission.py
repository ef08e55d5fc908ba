"""Who may talk: addresses before a byte is read, AE titles and limits when an association is requested.

Under TLS a calling AE title belongs to certificates: a peer may use those alone that its own is bound to.

A rejection is the result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import Enum
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from osteo_pacs.config.network import Listener
from osteo_pacs.receive.pdu import APPLICATION_CONTEXT, PROTOCOL_VERSION, AssociateRequest
from osteo_pacs.tls.certificates import Certificate


class Rejection(Enum):
    """Why an association is rejected, as (result, source, reason)."""

    APPLICATION_CONTEXT = (1, 1, 2)
    CALLING_AE_TITLE = (1, 1, 3)
    CERTIFICATE = (1, 1, 3, "certificate")
    CALLED_AE_TITLE = (1, 1, 7)
    PROTOCOL_VERSION = (1, 2, 2)
    TEMPORARY_CONGESTION = (2, 3, 1)
    LOCAL_LIMIT = (2, 3, 2)
    DISK_SPACE = (2, 3, 2, "disk space")

    @property
    def result_source_reason(self) -> tuple[int, int, int]:
        """The three bytes of the A-ASSOCIATE-RJ."""
        result, source, reason = self.value[:3]
        return result, source, reason


class Admission:
    """The rules of one listener process, and how many associations it has."""

    def __init__(self, rules: Listener, *, has_space: Callable[[], bool]) -> None:
        self._rules = rules
        self._has_space = has_space
        self._networks = [ip_network(address, strict=False) for address in rules.addresses]
        self._lock = Lock()
        self._open_by_address: Counter[str] = Counter()
        self._is_closed = False

    def knows_address(self, address: str) -> bool:
        """Whether a peer at this address may connect; without a list everyone may, which is on loopback alone."""
        if not self._networks:
            return True
        ip = ip_address(address.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._networks)

    def enter(
        self, request: AssociateRequest, address: str, certificate: Certificate | None = None
    ) -> Rejection | None:
        """Why this association is rejected; None where it is taken, and ``leave`` must follow."""
        if rejection := self._judge(request, certificate):
            return rejection
        with self._lock:
            if self._is_closed:
                return Rejection.TEMPORARY_CONGESTION
            is_full = self._open_by_address.total() >= self._rules.max_associations
            if is_full or self._open_by_address[address] >= self._rules.max_associations_per_peer:
                return Rejection.LOCAL_LIMIT
            self._open_by_address[address] += 1
        return None

    def leave(self, address: str) -> None:
        """An association that was taken has ended."""
        with self._lock:
            self._open_by_address[address] -= 1
            if not self._open_by_address[address]:
                del self._open_by_address[address]

    def close(self) -> None:
        """From now on every association is rejected: the listener is about to end."""
        with self._lock:
            self._is_closed = True

    def _judge(self, request: AssociateRequest, certificate: Certificate | None) -> Rejection | None:
        if not request.protocol_version & PROTOCOL_VERSION:
            return Rejection.PROTOCOL_VERSION
        if request.application_context != APPLICATION_CONTEXT:
            return Rejection.APPLICATION_CONTEXT
        if request.called_ae_title != self._rules.ae_title:
            return Rejection.CALLED_AE_TITLE
        known = self._rules.calling_ae_titles
        if known and request.calling_ae_title not in known:
            return Rejection.CALLING_AE_TITLE
        if self._rules.tls_certificate and not self._is_bound(request.calling_ae_title, certificate):
            return Rejection.CERTIFICATE
        return None if self._has_space() else Rejection.DISK_SPACE

    def _is_bound(self, calling_ae_title: str, certificate: Certificate | None) -> bool:
        bound = self._rules.tls_ae_titles
        return certificate is not None and any(calling_ae_title in bound.get(key, ()) for key in certificate.keys)
