"""The Storage SCU: one destination, one association that stays open for a burst.

    sender = Sender(destination, calling_ae_title="OSTEO_PACS")
    outcome = sender.store([sr_3d, sr], Deadline.after(60))      # the first whose SOP Class is taken
    sender.close_if_idle()                                       # between two looks into the queue
    sender.close()

Everything happens in the caller's thread; ``interrupt`` alone may come from another.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from osteo_pacs.config import Destination
from osteo_pacs.deliver.association import (
    Association,
    AssociationAborted,
    AssociationRejected,
    Peer,
    Proposal,
)
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.instance import Instance
from osteo_pacs.deliver.outcome import Answered, ContextRejected, NoAnswer, NotConnected, StoreOutcome
from osteo_pacs.deliver.wire import NotDicom, Wire
from osteo_pacs.dicom import sop_classes

IDLE_S = 2.0
RELEASE_S = 1.0
SENT = (
    sop_classes.COMPREHENSIVE_3D_SR,
    sop_classes.COMPREHENSIVE_SR,
    sop_classes.ENHANCED_SR,
    sop_classes.BASIC_TEXT_SR,
    sop_classes.SECONDARY_CAPTURE,
)
PROPOSAL: Proposal = tuple(
    (sop_class_uid, syntax)
    for sop_class_uid in SENT
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
)
LOST = (OSError, NotDicom, AssociationAborted)


def peer_of(destination: Destination, calling_ae_title: str) -> Peer:
    """The destination as an AE, with the calling AE title that is used there."""
    title = destination.calling_ae_title or calling_ae_title
    return Peer(destination.host, destination.port, destination.ae_title, title)


class Sender:
    """Sends instances to one destination.

    Args:
        destination: where to, with its ``connect_timeout_s``.
        calling_ae_title: how we call ourselves where the destination names nothing else.
        idle_s: seconds without an instance after which ``close_if_idle`` ends the association.
    """

    def __init__(self, destination: Destination, *, calling_ae_title: str, idle_s: float = IDLE_S) -> None:
        self._peer = peer_of(destination, calling_ae_title)
        self._connect_timeout_s = destination.connect_timeout_s
        self._idle_s = idle_s
        self._wire = Wire()
        self._association: Association | None = None
        self._last_used_s = 0.0
        self._is_interrupted = False

    def store(self, alternatives: Sequence[Instance], deadline: Deadline) -> StoreOutcome:
        """Sends the first of the alternatives whose SOP Class the destination takes.

        An association that has stayed open may be lost without our knowing; the instance is then sent again at
        once over a new one.
        """
        was_open = self._association is not None
        outcome = self._attempt(alternatives, deadline)
        if was_open and isinstance(outcome, NoAnswer) and self._is_in_time(deadline):
            return self._attempt(alternatives, deadline)
        return outcome

    def close_if_idle(self) -> None:
        """Releases the association when nothing was sent for a while, or when the destination has ended it."""
        if self._association is None:
            return
        if time.monotonic() - self._last_used_s > self._idle_s or not self._association.is_silent():
            self.close()

    def close(self) -> None:
        """Releases the association if there is one."""
        if self._association is not None:
            self._association.release(Deadline.after(RELEASE_S))
            self._association = None

    def interrupt(self) -> None:
        """Ends at once whatever is waited for, now and later; another thread may call this."""
        self._is_interrupted = True
        self._wire.cut()

    def _attempt(self, alternatives: Sequence[Instance], deadline: Deadline) -> StoreOutcome:
        try:
            association = self._association_by(deadline.at_most(self._connect_timeout_s))
        except (*LOST, AssociationRejected) as error:
            self._wire.close()
            return NotConnected(describe(error))
        taken = next((instance for instance in alternatives if association.accepts(instance.sop_class_uid)), None)
        if taken is None:
            return ContextRejected(tuple(instance.sop_class_uid for instance in alternatives))
        return self._store(association, taken, deadline)

    def _association_by(self, deadline: Deadline) -> Association:
        if self._association is not None and not self._association.is_silent():
            self._drop()
        if self._association is None:
            self._wire = Wire()
            if self._is_interrupted:
                raise ConnectionAbortedError
            self._association = Association.request(self._wire, self._peer, PROPOSAL, deadline)
            self._last_used_s = time.monotonic()
        return self._association

    def _store(self, association: Association, instance: Instance, deadline: Deadline) -> StoreOutcome:
        try:
            status = association.store(instance, deadline)
        except LOST as error:
            self._drop()
            return NoAnswer(describe(error))
        self._last_used_s = time.monotonic()
        return Answered(instance.sop_instance_uid, status)

    def _drop(self) -> None:
        if self._association is not None:
            self._association.abort()
            self._association = None

    def _is_in_time(self, deadline: Deadline) -> bool:
        return not self._is_interrupted and time.monotonic() < deadline.at_s


def describe(error: Exception) -> str:
    """An error of the connection: what happened, after a semicolon what to do; never the peer's bytes."""
    match error:
        case TimeoutError():
            return "nothing came in time"
        case ConnectionRefusedError():
            return "the connection was refused; is it running, and are host and port right?"
        case ConnectionError():
            return "the connection was closed"
        case OSError():
            return f"the connection failed: {error.strerror or type(error).__name__}"
        case _:
            return str(error)
