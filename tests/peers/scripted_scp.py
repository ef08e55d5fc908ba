"""A Storage SCP that answers as the test tells it, good and bad."""

from __future__ import annotations

import socket
import ssl
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from osteo_pacs.dicom import sop_classes
from peers.programs import free_port


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers C-STORE with a status."""

    status: int


@dataclass(frozen=True, slots=True)
class Abort:
    """Takes the instance and aborts the association instead of answering."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Takes the instance and closes the connection without a word."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Takes the instance and never answers."""


Action = Answer | Abort | Disconnect | Silence
SUCCESS = Answer(0x0000)
HAS_IT = (0x0000, 0x0111)


@dataclass(frozen=True, slots=True)
class Received:
    """An instance as it came over the wire."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae_title: str
    data_set: bytes

    @property
    def digest(self) -> str:
        return sha256(self.data_set).hexdigest()


class ScriptedScp:
    """Answers each C-STORE with the next action of its script, then with ``default``.

    Args:
        script: actions for the first instances.
        default: the action for all others.
        sop_class_uids: SOP Classes whose contexts are accepted.
        transfer_syntax_uids: the syntaxes that are accepted.
        knows: calling AE titles that may associate; none: all.
        tls: the TLS that it is under; None: plain DICOM.

    Attributes:
        taken: SOP Instance UIDs of which it said that it has them, with Success, a warning or 0x0111.
    """

    def __init__(
        self,
        script: Sequence[Action] = (),
        *,
        default: Action = SUCCESS,
        ae_title: str = "SCRIPTED",
        sop_class_uids: Sequence[str] = sop_classes.STORAGE,
        transfer_syntax_uids: Sequence[str] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian),
        knows: Sequence[str] = (),
        port: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = port or free_port()
        self.ae_title = ae_title
        self.script = deque(script)
        self.default = default
        self.received: list[Received] = []
        self.taken: set[str] = set()
        self.associations = 0
        self._released = threading.Event()
        self._server: Any = None
        self._tls = tls
        self._sockets: list[socket.socket] = []
        self._ae = AE(ae_title=ae_title)
        self._ae.require_calling_aet = list(knows)
        for sop_class_uid in (Verification, *sop_class_uids):
            self._ae.add_supported_context(sop_class_uid, list(transfer_syntax_uids))

    def start(self) -> None:
        self._released.clear()
        handlers = [
            (evt.EVT_ACCEPTED, self._on_accepted),
            (evt.EVT_CONN_OPEN, self._on_connection),
            (evt.EVT_C_STORE, self._on_c_store),
        ]
        self._server = self._ae.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers, ssl_context=self._tls
        )

    def stop(self) -> None:
        self._released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server = None
        # The library leaves a socket open whose peer has left first.
        while self._sockets:
            self._sockets.pop().close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def sop_instance_uids(self) -> list[str]:
        """Of all that was received, in order, however it was answered."""
        return [received.sop_instance_uid for received in self.received]

    def _on_connection(self, event: evt.Event) -> None:
        connection = event.assoc.dul.socket.socket
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets.append(connection)

    def _on_accepted(self, _event: evt.Event) -> None:
        self.associations += 1

    def _on_c_store(self, event: evt.Event) -> int:
        request = event.request
        self.received.append(
            Received(
                str(request.AffectedSOPClassUID),
                str(request.AffectedSOPInstanceUID),
                str(event.context.transfer_syntax),
                event.assoc.requestor.ae_title,
                event.encoded_dataset(include_meta=False),
            )
        )
        match self.script.popleft() if self.script else self.default:
            case Answer(status):
                if status in HAS_IT or status & 0xF000 == 0xB000:
                    self.taken.add(str(request.AffectedSOPInstanceUID))
                return status
            case Abort():
                event.assoc.abort()
            case Disconnect():
                event.assoc.dul.socket.socket.shutdown(socket.SHUT_RDWR)
            case Silence():
                self._released.wait(60)
        return 0x0000
