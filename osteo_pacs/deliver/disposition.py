"""From the answer of a PACS to what becomes of the delivery (PS3.4 B.2.3, PS3.7 Annex C)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.uid import UID

from osteo_pacs.deliver.outcome import Answered, ContextRejected, NoAnswer, NotConnected, StoreOutcome
from osteo_pacs.dicom.status import Status

WARNINGS_OF_DIMSE = frozenset({0x0001, 0x0107, 0x0116})
"""Warning, attribute list error, attribute value out of range (PS3.7 Annex C)."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The destination has the instance."""

    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class DeliveredWithWarning:
    """The destination has the instance, and changed or doubted something in it."""

    sop_instance_uid: str
    status: int


@dataclass(frozen=True, slots=True)
class TryAgain:
    """A later attempt may succeed; ``is_about_destination`` where any other instance would have failed too."""

    reason: str
    is_about_destination: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Every attempt will fail until a person changes something."""

    reason: str


Disposition = Delivered | DeliveredWithWarning | TryAgain | Refused


def disposition(outcome: StoreOutcome) -> Disposition:
    """What the outcome means for the delivery."""
    match outcome:
        case Answered(sop_instance_uid, status):
            return _of_status(sop_instance_uid, status)
        case NoAnswer(reason):
            return TryAgain(f"no answer to C-STORE: {reason}", is_about_destination=True)
        case NotConnected(reason):
            return TryAgain(reason, is_about_destination=True)
        case ContextRejected(sop_class_uids):
            names = " or ".join(UID(uid).name for uid in sop_class_uids)
            return Refused(f"it takes no {names}: enable it there, or change what the destination gets")


def _of_status(sop_instance_uid: str, status: int) -> Disposition:
    if status in (Status.SUCCESS, Status.DUPLICATE_SOP_INSTANCE):
        return Delivered(sop_instance_uid)
    if status & 0xF000 == Status.COERCION_OF_DATA_ELEMENTS or status in WARNINGS_OF_DIMSE:
        return DeliveredWithWarning(sop_instance_uid, status)
    if status & 0xFF00 == Status.OUT_OF_RESOURCES:
        return TryAgain(f"{status:#06x}: it is out of resources", is_about_destination=True)
    if status == Status.PROCESSING_FAILURE:
        return TryAgain(f"{status:#06x}: it failed to process the instance", is_about_destination=False)
    return Refused(f"{status:#06x}: {_words(status)}")


def _words(status: int) -> str:
    if status & 0xF000 == Status.CANNOT_UNDERSTAND:
        return "it cannot understand the instance; its log says why"
    if status & 0xFF00 == Status.DATA_SET_DOES_NOT_MATCH_SOP_CLASS:
        return "it finds that the Data Set does not match the SOP Class; its log says why"
    return _WORDS.get(status, "it refuses the instance; its log says why")


_WORDS: dict[int, str] = {
    Status.SOP_CLASS_NOT_SUPPORTED: "it does not support the SOP Class; enable it there, or change sr_sop_class",
    Status.NOT_AUTHORIZED: "it does not allow us to store; permit it there",
}
