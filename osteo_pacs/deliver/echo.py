"""C-ECHO to a destination, for `osteo-pacs doctor`: does it answer, and does it take what we send?"""

from __future__ import annotations

import time
from dataclasses import dataclass

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from osteo_pacs.config import Destination
from osteo_pacs.deliver.association import Association, Proposal
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.scu import NOT_ESTABLISHED, PROPOSAL, RELEASE_S, SENT, describe, peer_of
from osteo_pacs.deliver.wire import Encryption, Wire
from osteo_pacs.dicom.sop_classes import VERIFICATION
from osteo_pacs.dicom.status import Status

ECHO_PROPOSAL: Proposal = (
    (VERIFICATION, ExplicitVRLittleEndian),
    (VERIFICATION, ImplicitVRLittleEndian),
    *PROPOSAL,
)


@dataclass(frozen=True, slots=True)
class EchoAnswered:
    """The destination answered.

    Attributes:
        seconds: how long everything took, the connection included.
        sop_class_uids: those of our SOP Classes that it takes.
        encryption: the TLS that it was under; None: plain DICOM.
    """

    seconds: float
    sop_class_uids: tuple[str, ...]
    encryption: Encryption | None


@dataclass(frozen=True, slots=True)
class EchoFailed:
    """The destination did not answer, for the reason given."""

    reason: str


EchoOutcome = EchoAnswered | EchoFailed


def echo(destination: Destination, *, calling_ae_title: str) -> EchoOutcome:
    """Associates, asks for one echo and releases, all within the destination's ``connect_timeout_s``."""
    deadline = Deadline.after(destination.connect_timeout_s)
    started_s = time.monotonic()
    wire = Wire()
    try:
        association = Association.request(wire, peer_of(destination, calling_ae_title), ECHO_PROPOSAL, deadline)
        # A destination that takes no C-ECHO has answered all the same: it associates.
        status = association.echo(deadline) if association.accepts(VERIFICATION) else Status.SUCCESS
        seconds = time.monotonic() - started_s
        association.release(Deadline.after(RELEASE_S))
    except NOT_ESTABLISHED as error:
        return EchoFailed(describe(error))
    finally:
        wire.close()
    if status != Status.SUCCESS:
        return EchoFailed(f"it answered C-ECHO with {status:#06x}")
    return EchoAnswered(seconds, tuple(uid for uid in SENT if association.accepts(uid)), wire.encryption)
