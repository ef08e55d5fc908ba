"""A report's documents sent to one destination: the picture, the SR that it takes, the twin in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from osteo_pacs.db.deliveries import Outgoing, OutgoingDocument
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.disposition import (
    Delivered,
    DeliveredWithWarning,
    Disposition,
    Refused,
    TryAgain,
    disposition,
)
from osteo_pacs.deliver.instance import Instance, NotSendable
from osteo_pacs.deliver.outcome import StoreOutcome
from osteo_pacs.dicom.sop_classes import IMAGES
from osteo_pacs.dicom.status import Status


@dataclass(frozen=True, slots=True)
class Sent:
    """The destination has every document; ``status`` is the least good answer that it gave.

    ``sop_instance_uid`` is that of the SR which it took.
    """

    sop_instance_uid: str
    status: int


SendOutcome = Sent | TryAgain | Refused


class SendsInstances(Protocol):
    """What a delivery needs of ``osteo_pacs.deliver.Sender``."""

    def store(self, alternatives: Sequence[Instance], deadline: Deadline) -> StoreOutcome:
        """Sends the first of the alternatives that the destination takes."""
        ...


def send_report(outgoing: Outgoing, sender: SendsInstances, deadline: Deadline) -> SendOutcome:
    """Sends what the report holds for this destination, all within the deadline.

    A document that is refused does not keep the others back: a missing picture must not cost the radiologist
    the report. A destination that does not answer is not asked for more.
    """
    refused: Refused | None = None
    sr_uid, status = "", int(Status.SUCCESS)
    for alternatives in _in_order(outgoing):
        match _store(alternatives, sender, deadline):
            case TryAgain() as failure:
                return failure
            case Refused() as refusal:
                refused = refused or refusal
            case Delivered(uid):
                sr_uid = uid if alternatives is outgoing.srs else sr_uid
            case DeliveredWithWarning(uid, warning):
                sr_uid = uid if alternatives is outgoing.srs else sr_uid
                status = warning
    return refused or Sent(sr_uid, status)


def _in_order(outgoing: Outgoing) -> Iterator[tuple[OutgoingDocument, ...]]:
    pictures = [document for document in outgoing.others if document.sop_class_uid in IMAGES]
    texts = [document for document in outgoing.others if document.sop_class_uid not in IMAGES]
    # The SR refers to the picture: a viewer that opens it at once finds what it shows.
    yield from ((picture,) for picture in pictures)
    yield outgoing.srs
    yield from ((text,) for text in texts)


def _store(documents: Sequence[OutgoingDocument], sender: SendsInstances, deadline: Deadline) -> Disposition:
    try:
        alternatives = [Instance.from_part10(document.content) for document in documents]
        return disposition(sender.store(alternatives, deadline))
    except NotSendable as error:
        return Refused(str(error))
