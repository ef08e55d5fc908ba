"""The messages of one association: fragments to commands and Data Sets, and the answer to each (PS3.7, PS3.8 E).

One message is under way at a time, because asynchronous operations are not negotiated (PS3.7 D.3.3.3).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from osteo_pacs import log
from osteo_pacs.config.network import Listener
from osteo_pacs.dicom.status import Status
from osteo_pacs.receive.dimse import (
    COMMAND_CAP_BYTES,
    Answer,
    Command,
    CommandField,
    decode_command,
    encode_response,
)
from osteo_pacs.receive.negotiation import Context
from osteo_pacs.receive.origin import Origin
from osteo_pacs.receive.pdu import AbortReason, Pdv, ProtocolError, decode_p_data, encode_command_pdv
from osteo_pacs.receive.store import Nowhere, Receiver, Sink
from osteo_pacs.receive.wire import PeerTooSlow, Wire

LEAST_BYTES_PER_S = 16_384
"""A message that is slower than this on the whole is a peer that holds us."""
LOGGED_REFUSALS = 20
MIB = 1 << 20


@dataclass(slots=True)
class Counts:
    """What an association has sent."""

    stored: int = 0
    refused: int = 0
    size_bytes: int = 0


@dataclass(slots=True)
class _Message:
    context: Context
    started: float
    encoded: bytearray
    size_bytes: int = 0
    command: Command | None = None
    sink: Sink | None = None


class Messages:
    """What was begun, and what was done."""

    def __init__(
        self,
        wire: Wire,
        contexts: Mapping[int, Context],
        origin: Origin,
        receiver: Receiver,
        rules: Listener,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts = Counts()
        self._wire = wire
        self._contexts = contexts
        self._origin = origin
        self._receiver = receiver
        self._limit_bytes = rules.max_instance_mib * MIB
        self._grace_s = rules.pdu_timeout_s
        self._monotonic = monotonic
        self._message: _Message | None = None
        self._quiet_since = monotonic()

    def take(self, body: memoryview) -> None:
        """Takes a P-DATA-TF, and answers the messages that it completes.

        Raises:
            ProtocolError: the fragments make no message, or the Data Set is over the cap.
            PeerTooSlow: the message has been under way for too long.
            PeerGone: the answer could not be sent.
        """
        if not body:
            raise ProtocolError("an empty P-DATA-TF")
        for pdv in decode_p_data(body):
            message = self._message_of(pdv)
            if pdv.is_command:
                self._take_command(message, pdv)
            else:
                self._take_data(message, pdv)

    def is_idle_for(self, seconds: float) -> bool:
        """Whether no message is under way, and none has been for a while."""
        return self._message is None and self._monotonic() - self._quiet_since >= seconds

    def abandon(self) -> None:
        """The rest of the message under way will not come."""
        message, self._message = self._message, None
        if message and message.sink:
            message.sink.abandon()

    def _message_of(self, pdv: Pdv) -> _Message:
        context = self._contexts.get(pdv.context_id)
        if context is None:
            raise ProtocolError("a Presentation Context that was not accepted")
        if self._message is None:
            self._message = _Message(context, self._monotonic(), bytearray())
        message = self._message
        if message.context is not context or pdv.is_command != (message.command is None):
            raise ProtocolError("fragments of two messages are mixed", AbortReason.NOT_SPECIFIED)
        message.size_bytes += len(pdv.fragment)
        allowed_s = self._grace_s + message.size_bytes / LEAST_BYTES_PER_S
        if self._monotonic() - message.started > allowed_s:
            raise PeerTooSlow("a message took too long")
        return message

    def _take_command(self, message: _Message, pdv: Pdv) -> None:
        message.encoded += pdv.fragment
        if len(message.encoded) > COMMAND_CAP_BYTES:
            raise ProtocolError("a command over the cap")
        if not pdv.is_last:
            return
        message.size_bytes = 0
        message.command = decode_command(bytes(message.encoded))
        message.sink = self._sink_of(message.command, message.context)
        if not message.command.has_data_set:
            self._answer(message.command, message.sink)

    def _take_data(self, message: _Message, pdv: Pdv) -> None:
        if message.command is None or message.sink is None:
            raise ProtocolError("a Data Set without a command")
        if message.size_bytes > self._limit_bytes:
            raise ProtocolError("a Data Set over the cap", AbortReason.NOT_SPECIFIED)
        message.sink.write(pdv.fragment)
        if pdv.is_last:
            self._answer(message.command, message.sink)

    def _sink_of(self, command: Command, context: Context) -> Sink:
        match command.field:
            case CommandField.C_STORE_RQ:
                return self._receiver.begin(command, context, self._origin)
            case CommandField.C_ECHO_RQ:
                return Nowhere(Answer(Status.SUCCESS))
            case _:
                return Nowhere(Answer(Status.UNRECOGNIZED_OPERATION))

    def _answer(self, command: Command, sink: Sink) -> None:
        size_bytes = self._message.size_bytes if self._message else 0
        answer = sink.finish()
        # From here on the sink is nobody's: an abort must not take away what was kept.
        context_id = self._message.context.context_id if self._message else 0
        self._message = None
        self._quiet_since = self._monotonic()
        if command.field == CommandField.C_STORE_RQ:
            self._count(answer, size_bytes)
        if command.field != CommandField.C_CANCEL_RQ:
            self._wire.write(encode_command_pdv(context_id, encode_response(command, answer)))

    def _count(self, answer: Answer, size_bytes: int) -> None:
        if answer.status is Status.SUCCESS:
            self.counts.stored += 1
            self.counts.size_bytes += size_bytes
            return
        self.counts.refused += 1
        if self.counts.refused <= LOGGED_REFUSALS:
            log.get_logger().warning("instance_refused", status=f"0x{answer.status:04X}", reason=answer.comment)
