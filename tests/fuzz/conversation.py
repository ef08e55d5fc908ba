"""A peer's whole byte stream before the listener's association: it ends by a named error, whatever is said."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from osteo_pacs.config.network import Listener
from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.dicom.header import read_header
from osteo_pacs.dicom.scan import DataSetUnparsable
from osteo_pacs.dicom.status import Status
from osteo_pacs.receive.admission import Admission
from osteo_pacs.receive.association import Association, Scope
from osteo_pacs.receive.checks import Refused, check_command, check_header
from osteo_pacs.receive.dimse import Answer
from osteo_pacs.receive.journal import Journal
from osteo_pacs.receive.pdu import HEADER, PduType, ProtocolError
from osteo_pacs.receive.store import Nowhere
from osteo_pacs.receive.wire import PeerGone, PeerTooSlow, Wire
from receiving.raw_peer import associate_rq

GREETED = 0x80
"""In the first byte: the stream begins within an association."""
WHOLE = 1 << 30
MAX_INSTANCE_MIB = 1
RULES = Listener(ae_title="OSTEO_PACS", max_instance_mib=MAX_INSTANCE_MIB)


@dataclass
class Fed:
    """A connection that has said everything already, in pieces of these sizes, the last of them for ever."""

    stream: memoryview
    cuts: list[int]
    said: bytearray = field(default_factory=bytearray)

    def setsockopt(self, *_: Any) -> None: ...

    def settimeout(self, _: float) -> None: ...

    def recv_into(self, view: memoryview) -> int:
        size = self.cuts.pop(0) if len(self.cuts) > 1 else self.cuts[0]
        part = self.stream[: min(len(view), size)]
        self.stream = self.stream[len(part) :]
        view[: len(part)] = part
        return len(part)

    def sendall(self, data: bytes) -> None:
        self.said += data


class Kept:
    """A C-STORE's Data Set in memory, judged as the product judges it."""

    def __init__(self, context: Any, meta: FileMeta, taken: list[bytes]) -> None:
        self._context, self._meta, self._taken = context, meta, taken
        self._content = bytearray()

    def write(self, fragment: memoryview) -> None:
        self._content += fragment
        assert len(self._content) <= MAX_INSTANCE_MIB << 20

    def finish(self) -> Answer:
        content = bytes(self._content)
        try:
            header = read_header(memoryview(content), is_implicit_vr=self._context.is_implicit_vr)
            check_header(header, self._meta)
        except DataSetUnparsable as error:
            return Answer(Status.CANNOT_UNDERSTAND, error.detail)
        except Refused as error:
            return error.answer
        self._taken.append(content)
        return Answer(Status.SUCCESS)

    def abandon(self) -> None: ...


@dataclass
class Listening:
    """The Receiver without spool and database."""

    taken: list[bytes] = field(default_factory=list)
    journal: Journal = field(default_factory=lambda: Journal(lambda: datetime(2026, 3, 1, tzinfo=UTC)))
    presence: Any = field(default_factory=lambda: SimpleNamespace(ended=lambda _: None))

    def begin(self, command: Any, context: Any, origin: Any) -> Kept | Nowhere:
        try:
            return Kept(context, check_command(command, context, origin.calling_ae_title), self.taken)
        except Refused as error:
            return Nowhere(error.answer)


def conversation(data: bytes) -> None:
    """The first byte says how the stream behind it is cut, and whether an association stands already."""
    first, stream = (data[0], data[1:]) if data else (0, b"")
    greeting = associate_rq() if first & GREETED else b""
    said, _ = listen(greeting + stream, first & 0x7F or WHOLE)
    _is_whole(said)


def listen(stream: bytes, *cuts: int) -> tuple[bytes, list[bytes]]:
    """What the listener says to this stream in pieces of these sizes, and the Data Sets that it takes."""
    connection, receiver = Fed(memoryview(stream), list(cuts) or [WHOLE]), Listening()
    wire = Wire(connection, pdu_timeout_s=1, monotonic=lambda: 0.0)  # type: ignore[arg-type]
    scope: Any = Scope(RULES, Admission(RULES, has_space=lambda: True), receiver, monotonic=lambda: 0.0)  # type: ignore[arg-type]
    association = Association(wire, "127.0.0.1", scope)
    # What run() catches by name; its last resort, the broad one, is for defects.
    with suppress(ProtocolError, PeerGone, PeerTooSlow):
        association._converse()
    association._leave()
    return bytes(connection.said), receiver.taken


def _is_whole(said: bytes) -> None:
    """What was said are PDUs of an acceptor, nothing between them."""
    while said:
        kind, length = HEADER.unpack_from(said)
        assert PduType(kind) in {
            PduType.ASSOCIATE_AC,
            PduType.ASSOCIATE_RJ,
            PduType.P_DATA,
            PduType.RELEASE_RP,
        }
        assert len(said) >= HEADER.size + length
        said = said[HEADER.size + length :]
