"""One association, from its request to its end, in one thread (PS3.8 9.2, the acceptor's states).

    association = Association(wire, peer, scope)
    association.run()           # returns when the connection is closed, whatever the peer did

The thread sleeps in the socket: a silent association costs nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from osteo_pacs import log
from osteo_pacs.config.network import Listener
from osteo_pacs.receive.admission import Admission, Rejection
from osteo_pacs.receive.messages import Counts, Messages
from osteo_pacs.receive.negotiation import negotiate
from osteo_pacs.receive.origin import Origin
from osteo_pacs.receive.pdu import (
    AbortReason,
    AssociateRequest,
    PduType,
    ProtocolError,
    decode_associate_rq,
    encode_abort,
    encode_associate_ac,
    encode_associate_rj,
    encode_release_rp,
)
from osteo_pacs.receive.store import Receiver
from osteo_pacs.receive.wire import MAX_PDU_BYTES, HandshakeRefused, PeerGone, PeerTooSlow, Wire
from osteo_pacs.tls.certificates import Certificate
from osteo_pacs.tls.renewal import Credentials

REQUEST_TIMEOUT_S = 10.0
LINGER_S = 1.0


class End(StrEnum):
    """How an association ended."""

    RELEASED = "released"
    ABORTED = "aborted"
    REJECTED = "rejected"
    HANDSHAKE_REFUSED = "handshake_refused"
    STOPPED = "stopped"
    GONE = "gone"
    TOO_SLOW = "too_slow"
    PROTOCOL_ERROR = "protocol_error"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Scope:
    """What all associations of a listener share."""

    rules: Listener
    admission: Admission
    receiver: Receiver
    credentials: Credentials | None = None
    monotonic: Callable[[], float] = time.monotonic


class Association:
    """An association with one peer."""

    def __init__(self, wire: Wire, peer: str, scope: Scope) -> None:
        self.association_id = secrets.token_hex(16)
        self.peer = peer
        self._wire = wire
        self._scope = scope
        self._calling_ae_title = ""
        self._certificate: Certificate | None = None
        self._reason = ""
        self._messages: Messages | None = None
        self._is_request_seen = False
        self._is_admitted = False
        self._is_stopping = False

    @property
    def is_established(self) -> bool:
        """Whether the request was accepted."""
        return self._messages is not None

    def run(self) -> None:
        """Serves the peer until the connection ends; never raises."""
        started = self._scope.monotonic()
        try:
            end = self._converse()
        except HandshakeRefused as error:
            end = self._refuse(error.detail)
        except ProtocolError as error:
            end = self._abort(End.PROTOCOL_ERROR, error.detail, error.reason)
        except PeerTooSlow as error:
            end = self._abort(End.TOO_SLOW, error.detail, AbortReason.NOT_SPECIFIED)
        except PeerGone as error:
            end = self._gone(error.detail)
        except Exception as error:  # noqa: BLE001 - the other associations go on
            log.get_logger().error("association_failed", exc_info=error)
            end = self._abort(End.FAILED, type(error).__name__, AbortReason.NOT_SPECIFIED)
        finally:
            self._leave()
        # A stranger's noise is not worth waiting for; a peer that is refused should hear why.
        is_polite = end in {End.REJECTED, End.HANDSHAKE_REFUSED} or self.is_established
        self._wire.close(linger_s=LINGER_S if is_polite else 0)
        self._tell(end, self._scope.monotonic() - started)

    def stop_if_idle(self, *, idle_s: float) -> None:
        """Ends the association if the peer has sent nothing for a while and nothing is under way."""
        is_idle = self._messages is None or self._messages.is_idle_for(idle_s)
        if is_idle and not self._wire.is_inside_pdu:
            self.stop()

    def stop(self) -> None:
        """Ends the association after what has come already; any thread may ask for it."""
        self._is_stopping = True
        self._wire.close_reading()

    def _converse(self) -> End:
        timeout_s = min(REQUEST_TIMEOUT_S, self._scope.rules.pdu_timeout_s)
        self._certificate = self._wire.shake_hands(timeout_s=timeout_s)
        pdu = self._wire.read(idle_s=timeout_s)
        if pdu.kind is not PduType.ASSOCIATE_RQ:
            raise ProtocolError("no association was requested", AbortReason.UNEXPECTED_PDU)
        self._is_request_seen = True
        request = decode_associate_rq(pdu.body)
        self._calling_ae_title = request.calling_ae_title
        if rejection := self._scope.admission.enter(request, self.peer, self._certificate):
            return self._reject(rejection)
        self._is_admitted = True
        self._messages = self._open(request, pdu.body)
        return self._serve(self._messages)

    def _open(self, request: AssociateRequest, body: memoryview) -> Messages:
        answers, contexts = negotiate(request.contexts)
        origin = Origin(self.association_id, request.calling_ae_title, self.peer)
        messages = Messages(self._wire, contexts, origin, self._scope.receiver, self._scope.rules)
        self._wire.write(encode_associate_ac(body, answers, max_pdu_bytes=MAX_PDU_BYTES))
        return messages

    def _reject(self, rejection: Rejection) -> End:
        self._reason = rejection.name.lower()
        self._scope.receiver.journal.refusals.note(self.peer, self._calling_ae_title, self._reason)
        self._wire.write(encode_associate_rj(*rejection.result_source_reason))
        return End.REJECTED

    def _serve(self, messages: Messages) -> End:
        while True:
            pdu = self._wire.read(idle_s=self._scope.rules.idle_timeout_s)
            match pdu.kind:
                case PduType.P_DATA:
                    messages.take(pdu.body)
                case PduType.RELEASE_RQ:
                    # Before the answer, so that a peer that comes back at once finds its place free.
                    self._leave()
                    self._wire.write(encode_release_rp())
                    return End.RELEASED
                case PduType.ABORT:
                    return End.ABORTED
                case _:
                    raise ProtocolError(f"{pdu.kind.name} within an association", AbortReason.UNEXPECTED_PDU)

    def _refuse(self, reason: str) -> End:
        # OpenSSL has told the peer by an alert.
        self._reason = reason
        self._scope.receiver.journal.refusals.note(self.peer, "", "tls")
        return End.HANDSHAKE_REFUSED

    def _gone(self, reason: str) -> End:
        if self._is_stopping and self.is_established:
            return self._abort(End.STOPPED, "the listener ends", AbortReason.NOT_SPECIFIED)
        self._reason = reason
        return End.GONE

    def _abort(self, end: End, reason: str, abort_reason: AbortReason) -> End:
        self._reason = reason
        try:
            self._wire.write(encode_abort(abort_reason))
        except (PeerGone, PeerTooSlow):
            self._reason = f"{reason}, and does not read"
        return end

    def _leave(self) -> None:
        """Gives back what the association held; a second time does nothing."""
        if self._messages:
            self._messages.abandon()
        if self._is_admitted:
            self._is_admitted = False
            self._scope.admission.leave(self.peer)
            # In this order: who removes the association's row finds its events, and writes both or neither.
            self._scope.receiver.journal.ended(self.association_id)
            self._scope.receiver.presence.ended(self.association_id)

    def _tell(self, end: End, seconds: float) -> None:
        counts = self._messages.counts if self._messages else Counts()
        if end is End.HANDSHAKE_REFUSED:
            log.get_logger().warning("handshake_refused", peer=self.peer, reason=self._reason)
            return
        if end is End.GONE and not self._is_request_seen:
            # Probes of load balancers connect and leave.
            return
        log.get_logger().info(
            "association_ended",
            outcome=end.value,
            reason=self._reason or None,
            peer=self.peer,
            ae_title=self._calling_ae_title,
            certificate=self._certificate and self._certificate.fingerprint,
            instances=counts.stored,
            refused=counts.refused,
            size_bytes=counts.size_bytes,
            seconds=round(seconds, 3),
        )
