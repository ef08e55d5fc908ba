"""The Protocol Data Units of an association acceptor, as bytes and as values (PS3.8 9.3). No I/O.

Everything that is decoded here comes from a peer that nobody knows yet: what does not fit raises ProtocolError,
what is unknown is passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from osteo_pacs.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from osteo_pacs.errors import PermanentError

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
PROTOCOL_VERSION = 1
HEADER = struct.Struct(">BxL")
_ITEM = struct.Struct(">BxH")
_PDV = struct.Struct(">LBB")
_FIXED_LENGTH = 68
_CONTEXT_FIXED_LENGTH = 4
_PDV_OWN_BYTES = 2
_MAX_CONTEXTS = 128


class PduType(IntEnum):
    """The first byte of a PDU."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    P_DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class Item(IntEnum):
    """The items of A-ASSOCIATE PDUs that the listener reads or writes (PS3.8 9.3.2, 9.3.3 and Annex D)."""

    APPLICATION_CONTEXT = 0x10
    PROPOSED_CONTEXT = 0x20
    CONTEXT_ANSWER = 0x21
    ABSTRACT_SYNTAX = 0x30
    TRANSFER_SYNTAX = 0x40
    USER_INFORMATION = 0x50
    MAXIMUM_LENGTH = 0x51
    IMPLEMENTATION_CLASS_UID = 0x52
    IMPLEMENTATION_VERSION_NAME = 0x55


class AbortReason(IntEnum):
    """Why the service provider aborts (PS3.8 9.3.8)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    INVALID_PARAMETER = 6


class ProtocolError(PermanentError):
    """The peer does not speak the DICOM Upper Layer protocol."""

    def __init__(self, detail: str, reason: AbortReason = AbortReason.INVALID_PARAMETER) -> None:
        super().__init__(detail)
        self.reason = reason


class ContextResult(IntEnum):
    """What becomes of a proposed Presentation Context (PS3.8 9.3.3.2)."""

    ACCEPTANCE = 0
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """A Presentation Context as the requestor proposes it (PS3.8 9.3.2.2)."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContextAnswer:
    """A Presentation Context as the acceptor answers it; the syntax of a rejected one says nothing."""

    context_id: int
    result: ContextResult
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """An A-ASSOCIATE-RQ (PS3.8 9.3.2). AE titles are without their padding."""

    protocol_version: int
    called_ae_title: str
    calling_ae_title: str
    application_context: str
    contexts: tuple[ProposedContext, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Pdv:
    """A Presentation Data Value: a fragment of a command or of a Data Set (PS3.8 Annex E)."""

    context_id: int
    is_command: bool
    is_last: bool
    fragment: memoryview


def decode_associate_rq(body: memoryview) -> AssociateRequest:
    """The request behind the six bytes of the PDU's header.

    Raises:
        ProtocolError: lengths do not fit, or a context has no id, abstract syntax or transfer syntax.
    """
    if len(body) < _FIXED_LENGTH:
        raise ProtocolError("an A-ASSOCIATE-RQ without its fixed fields")
    application_context, contexts = "", []
    for kind, value in _items(body[_FIXED_LENGTH:]):
        if kind == Item.APPLICATION_CONTEXT:
            application_context = _text(value)
        elif kind == Item.PROPOSED_CONTEXT:
            contexts.append(_decode_context(value))
    if len({context.context_id for context in contexts}) != len(contexts) or len(contexts) > _MAX_CONTEXTS:
        raise ProtocolError("two contexts with one id")
    return AssociateRequest(
        protocol_version=int.from_bytes(body[:2]),
        called_ae_title=_text(body[4:20]),
        calling_ae_title=_text(body[20:36]),
        application_context=application_context,
        contexts=tuple(contexts),
    )


def encode_associate_ac(request: memoryview, answers: Sequence[ContextAnswer], *, max_pdu_bytes: int) -> bytes:
    """An A-ASSOCIATE-AC (PS3.8 9.3.3); ``request`` is the body of the RQ, whose AE titles it repeats."""
    contexts = b"".join(
        _encode_item(
            Item.CONTEXT_ANSWER,
            bytes((a.context_id, 0, a.result, 0)) + _encode_item(Item.TRANSFER_SYNTAX, a.transfer_syntax.encode()),
        )
        for a in answers
    )
    user = b"".join(
        (
            _encode_item(Item.MAXIMUM_LENGTH, struct.pack(">L", max_pdu_bytes)),
            _encode_item(Item.IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_CLASS_UID.encode()),
            _encode_item(Item.IMPLEMENTATION_VERSION_NAME, IMPLEMENTATION_VERSION_NAME.encode()),
        )
    )
    fixed = struct.pack(">HH", PROTOCOL_VERSION, 0) + bytes(request[4:_FIXED_LENGTH])
    items = (
        _encode_item(Item.APPLICATION_CONTEXT, APPLICATION_CONTEXT.encode())
        + contexts
        + _encode_item(Item.USER_INFORMATION, user)
    )
    return _encode(PduType.ASSOCIATE_AC, fixed + items)


def encode_associate_rj(result: int, source: int, reason: int) -> bytes:
    """An A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    return _encode(PduType.ASSOCIATE_RJ, bytes((0, result, source, reason)))


def encode_release_rp() -> bytes:
    """An A-RELEASE-RP (PS3.8 9.3.7)."""
    return _encode(PduType.RELEASE_RP, bytes(4))


def encode_abort(reason: AbortReason) -> bytes:
    """An A-ABORT by the service provider (PS3.8 9.3.8)."""
    return _encode(PduType.ABORT, bytes((0, 0, 2, reason)))


def encode_command_pdv(context_id: int, command: bytes) -> bytes:
    """A P-DATA-TF that holds one whole command (PS3.8 9.3.5)."""
    return _encode(PduType.P_DATA, _PDV.pack(len(command) + 2, context_id, 0b11) + command)


def decode_p_data(body: memoryview) -> Iterator[Pdv]:
    """The fragments of a P-DATA-TF; they lie in ``body``.

    Raises:
        ProtocolError: lengths do not fit.
    """
    offset = 0
    while offset < len(body):
        if offset + _PDV.size > len(body):
            raise ProtocolError("a P-DATA-TF that ends in a header")
        length, context_id, control = _PDV.unpack_from(body, offset)
        stop = offset + 4 + length
        if length < _PDV_OWN_BYTES or stop > len(body):
            raise ProtocolError("a Presentation Data Value longer than its PDU")
        yield Pdv(context_id, bool(control & 1), bool(control & 2), body[offset + _PDV.size : stop])
        offset = stop


def _decode_context(value: memoryview) -> ProposedContext:
    if len(value) < _CONTEXT_FIXED_LENGTH or value[0] % 2 == 0:
        raise ProtocolError("a Presentation Context without an odd id")
    items = [(kind, _text(text)) for kind, text in _items(value[_CONTEXT_FIXED_LENGTH:])]
    abstract = [text for kind, text in items if kind == Item.ABSTRACT_SYNTAX]
    transfer = tuple(text for kind, text in items if kind == Item.TRANSFER_SYNTAX)
    if len(abstract) != 1 or not transfer:
        raise ProtocolError("a Presentation Context without its syntaxes")
    return ProposedContext(value[0], abstract[0], transfer)


def _items(body: memoryview) -> Iterator[tuple[int, memoryview]]:
    offset = 0
    while offset < len(body):
        if offset + _ITEM.size > len(body):
            raise ProtocolError("an item that ends in its header")
        kind, length = _ITEM.unpack_from(body, offset)
        offset += _ITEM.size
        if offset + length > len(body):
            raise ProtocolError("an item longer than its PDU")
        yield kind, body[offset : offset + length]
        offset += length


def _encode_item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def _encode(kind: PduType, body: bytes) -> bytes:
    return HEADER.pack(kind, len(body)) + body


def _text(value: memoryview) -> str:
    return bytes(value).decode("ascii", errors="replace").strip(" \0")
