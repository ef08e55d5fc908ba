"""Delivery: the Storage SCU with deadlines that hold, and what a PACS's answer means for the queue."""

from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.disposition import (
    Delivered,
    DeliveredWithWarning,
    Disposition,
    Refused,
    TryAgain,
    disposition,
)
from osteo_pacs.deliver.echo import EchoAnswered, EchoFailed, EchoOutcome, echo
from osteo_pacs.deliver.instance import Instance, NotSendable
from osteo_pacs.deliver.scu import Sender

__all__ = [
    "Deadline",
    "Delivered",
    "DeliveredWithWarning",
    "Disposition",
    "EchoAnswered",
    "EchoFailed",
    "EchoOutcome",
    "Instance",
    "NotSendable",
    "Refused",
    "Sender",
    "TryAgain",
    "disposition",
    "echo",
]
