"""An association as its requestor, in one thread and within deadlines (PS3.8 7, PS3.7 9.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom.dimse_messages import C_ECHO_RQ, C_FIND_RQ, C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_ECHO, C_FIND, C_STORE
from pynetdicom.dsutils import decode, encode
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
)
from pynetdicom.presentation import build_context

from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.instance import Instance
from osteo_pacs.deliver.wire import NotDicom, Wire
from osteo_pacs.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from osteo_pacs.errors import RetryableError
from osteo_pacs.tls.files import ClientTls

APPLICATION_CONTEXT = UID("1.2.840.10008.3.1.1.1")
RECEIVED_PDU_BYTES = 16 * 1024
SENT_PDU_BYTES = 128 * 1024
MEDIUM_PRIORITY = 0x0000
PENDING = frozenset({0xFF00, 0xFF01})
"""Statuses of C-FIND responses that carry a match (PS3.4 C.4.1.1.4)."""
Proposal = Sequence[tuple[str, str]]
"""Pairs of SOP Class UID and transfer syntax UID; each becomes a presentation context of its own, so that the
acceptor cannot choose another syntax than the one in which the bytes are stored."""


class AssociationRejected(RetryableError):
    """The peer rejected the association."""


class AssociationAborted(RetryableError):
    """The peer aborted or ended the association."""


class QueryRefused(RetryableError):
    """The peer answered C-FIND with a failure."""


@dataclass(frozen=True, slots=True)
class Peer:
    """An AE, how we call ourselves there, and the TLS that we speak with it; None: plain DICOM."""

    host: str
    port: int
    called_ae_title: str
    calling_ae_title: str
    tls: ClientTls | None = None


class Association:
    """An established association; methods raise OSError, NotDicom or AssociationAborted when it is lost."""

    def __init__(self, wire: Wire, contexts: Mapping[tuple[str, str], int], sent_pdu_bytes: int) -> None:
        self._wire = wire
        self._contexts = contexts
        self._sent_pdu_bytes = sent_pdu_bytes
        self._message_ids = count(1)

    @classmethod
    def request(cls, wire: Wire, peer: Peer, proposal: Proposal, deadline: Deadline) -> Association:
        """Connects and negotiates (PS3.8 7.1).

        Raises:
            OSError: no connection, or no answer in time.
            AssociationRejected: with the peer's reason.
            NotDicom: the peer speaks something else.
            TlsFilesUnusable: our certificate, its key or the authorities cannot be used.
        """
        wire.connect(peer.host, peer.port, deadline)
        if peer.tls:
            wire.secure(peer.tls, deadline)
        wire.send(A_ASSOCIATE_RQ(_request(peer, proposal)).encode(), deadline)
        match wire.receive(deadline):
            case A_ASSOCIATE_AC() as accept:
                return cls(wire, _accepted(proposal, accept), _sent_pdu_bytes(accept))
            case A_ASSOCIATE_RJ() as reject:
                raise AssociationRejected(_reason(reject, peer))
            case A_ABORT_RQ():
                raise AssociationAborted("during negotiation")
            case other:
                raise NotDicom(f"{type(other).__name__} in answer to A-ASSOCIATE-RQ")

    def accepts(self, sop_class_uid: str) -> bool:
        """Whether the peer accepted a presentation context for the SOP Class."""
        return any(abstract_syntax == sop_class_uid for abstract_syntax, _ in self._contexts)

    def is_silent(self) -> bool:
        """False once the peer has ended the association, or has broken its silence in another way."""
        return self._wire.is_silent()

    def store(self, instance: Instance, deadline: Deadline) -> int:
        """Sends the instance by C-STORE and returns the status of the answer (PS3.7 9.1.1).

        Raises:
            KeyError: the peer accepted no context for its SOP Class.
        """
        transfer_syntax_uid, context_id = self._context_for(instance)
        primitive = C_STORE()
        primitive.MessageID = next(self._message_ids) % 0xFFFF
        primitive.AffectedSOPClassUID = UID(instance.sop_class_uid)
        primitive.AffectedSOPInstanceUID = UID(instance.sop_instance_uid)
        primitive.Priority = MEDIUM_PRIORITY
        primitive.DataSet = BytesIO(instance.encoded_in(transfer_syntax_uid))
        return self._exchange(C_STORE_RQ(), primitive, context_id, deadline)

    def echo(self, deadline: Deadline) -> int:
        """Asks for an echo by C-ECHO and returns the status of the answer (PS3.7 9.1.5)."""
        verification = UID("1.2.840.10008.1.1")
        primitive = C_ECHO()
        primitive.MessageID = next(self._message_ids) % 0xFFFF
        primitive.AffectedSOPClassUID = verification
        context_id = next(number for (abstract, _), number in self._contexts.items() if abstract == verification)
        return self._exchange(C_ECHO_RQ(), primitive, context_id, deadline)

    def find(self, sop_class_uid: str, query: Dataset, deadline: Deadline) -> Iterator[Dataset]:
        """The matches of a query by C-FIND (PS3.7 9.1.2, PS3.4 C.4.1), where the peer ``accepts`` the SOP Class.

        Raises:
            QueryRefused: with the status.
        """
        syntax, context_id = next((s, n) for (sop, s), n in self._contexts.items() if sop == sop_class_uid)
        is_implicit = UID(syntax).is_implicit_VR
        primitive = C_FIND()
        primitive.MessageID = next(self._message_ids) % 0xFFFF
        primitive.AffectedSOPClassUID = UID(sop_class_uid)
        primitive.Priority = MEDIUM_PRIORITY
        primitive.Identifier = BytesIO(encode(query, is_implicit, is_little_endian=True) or b"")
        self._send(C_FIND_RQ(), primitive, context_id, deadline)
        while (response := self._answer_to(primitive, deadline)).Status in PENDING:
            yield _matched(response, is_implicit=is_implicit)
        if response.Status:
            raise QueryRefused(f"{response.Status:#06x}")

    def release(self, deadline: Deadline) -> None:
        """Ends the association in order where the peer goes along, and closes the connection in any case."""
        with suppress(OSError, NotDicom):
            self._wire.send(A_RELEASE_RQ().encode(), deadline)
            self._wire.receive(deadline)
        self._wire.close()

    def abort(self) -> None:
        """Tells the peer that the association is over, and closes the connection."""
        pdu = A_ABORT_RQ()
        pdu.source, pdu.reason_diagnostic = 0x00, 0x00
        with suppress(OSError):
            self._wire.send(pdu.encode(), Deadline.after(0.1))
        self._wire.close()

    def _context_for(self, instance: Instance) -> tuple[str, int]:
        mine = {
            syntax: number for (sop, syntax), number in self._contexts.items() if sop == instance.sop_class_uid
        }
        syntax = instance.transfer_syntax_uid if instance.transfer_syntax_uid in mine else next(iter(mine), "")
        return syntax, mine[syntax]

    def _exchange(self, message: Any, primitive: Any, context_id: int, deadline: Deadline) -> int:
        self._send(message, primitive, context_id, deadline)
        return int(self._answer_to(primitive, deadline).Status)

    def _send(self, message: Any, primitive: Any, context_id: int, deadline: Deadline) -> None:
        message.primitive_to_message(primitive)
        pdus = (P_DATA_TF(p_data).encode() for p_data in message.encode_msg(context_id, self._sent_pdu_bytes))
        self._wire.send(b"".join(pdus), deadline)

    def _answer_to(self, primitive: Any, deadline: Deadline) -> Any:
        response = self._receive_message(deadline)
        if not response.is_valid_response or response.MessageIDBeingRespondedTo != primitive.MessageID:
            raise NotDicom("a message that answers no request of ours")
        return response

    def _receive_message(self, deadline: Deadline) -> Any:
        message = DIMSEMessage()
        while True:
            match self._wire.receive(deadline):
                case P_DATA_TF() as pdu:
                    if (primitive := _decoded(message, pdu)) is not None:
                        return primitive
                case A_ABORT_RQ() | A_RELEASE_RQ():
                    raise AssociationAborted
                case other:
                    raise NotDicom(f"{type(other).__name__} in answer to a request")


def _decoded(message: DIMSEMessage, pdu: P_DATA_TF) -> Any:
    """The message's primitive once its last fragment is in; None before."""
    try:
        return message.message_to_primitive() if message.decode_msg(pdu.to_primitive()) else None
    except Exception as error:
        # As in Wire.receive.
        raise NotDicom("a message that cannot be decoded") from error


def _matched(response: Any, *, is_implicit: bool) -> Dataset:
    try:
        match: Dataset = decode(response.Identifier, is_implicit, is_little_endian=True)
        # Reading the elements is what decodes them.
        match.walk(lambda _ds, element: element.value)
    except Exception as error:
        # As in Wire.receive.
        raise NotDicom("a match that cannot be decoded") from error
    return match


def _request(peer: Peer, proposal: Proposal) -> A_ASSOCIATE:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = APPLICATION_CONTEXT
    primitive.calling_ae_title = peer.calling_ae_title
    primitive.called_ae_title = peer.called_ae_title
    contexts = [
        build_context(sop_class_uid, transfer_syntax_uid) for sop_class_uid, transfer_syntax_uid in proposal
    ]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    primitive.presentation_context_definition_list = contexts
    primitive.user_information = _user_information()
    return primitive


def _user_information() -> list[Any]:
    length = MaximumLengthNotification()
    length.maximum_length_received = RECEIVED_PDU_BYTES
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return [length, implementation, version]


def _accepted(proposal: Proposal, accept: A_ASSOCIATE_AC) -> dict[tuple[str, str], int]:
    taken = {context.context_id for context in accept.presentation_context if context.result == 0}
    return {pair: 2 * number + 1 for number, pair in enumerate(proposal) if 2 * number + 1 in taken}


def _sent_pdu_bytes(accept: A_ASSOCIATE_AC) -> int:
    # 0 is no limit (PS3.8 D.1); a limit under a handful of bytes leaves no room for content.
    limit = accept.user_information.maximum_length if accept.user_information else 0
    return min(max(limit, 64), SENT_PDU_BYTES) if limit else SENT_PDU_BYTES


def _reason(reject: A_ASSOCIATE_RJ, peer: Peer) -> str:
    """The peer's reason (PS3.8 Table 9-21) in words that tell what to mend."""
    match reject.source, reject.reason_diagnostic:
        case 1, 3:
            words = f"it does not know {peer.calling_ae_title}; register this AE title and our address there"
        case 1, 7:
            words = f"it is not called {peer.called_ae_title}; mend ae_title of the destination"
        case 3, 1 | 2:
            words = "it has too much to do"
        case _:
            words = "it gives no reason that we know"
    return f"{words} ({reject.result}, {reject.source}, {reject.reason_diagnostic})"
