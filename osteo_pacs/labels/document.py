"""A structured document as a value: an SR or a Key Object Selection, its tree laid out flat (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from osteo_pacs.dicom.codes import CodedConcept


@dataclass(frozen=True, slots=True)
class Item:
    """A Content Item; ``parent`` is the place of the item that holds it, -1 at the top.

    Attributes:
        number: of a NUM, in ``unit`` (a Code Value).
        text: of a TEXT.
        uid: of a UIDREF, or the SOP Instance UID that an IMAGE or COMPOSITE refers to.
    """

    value_type: str
    parent: int
    name: CodedConcept | None = None
    code: CodedConcept | None = None
    number: float | None = None
    unit: str = ""
    text: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """What matters of a document that came.

    Attributes:
        predecessors: SOP Instance UIDs of the documents that it succeeds.
        author: who verified it; empty where nobody did.
        written_at: when it was verified, or else its content's date; None where neither can be read.
    """

    sop_class_uid: str
    sop_instance_uid: str
    title: CodedConcept | None
    is_verified: bool
    is_complete: bool
    predecessors: tuple[str, ...] = ()
    author: str = ""
    written_at: datetime | None = None
    items: tuple[Item, ...] = ()

    def within(self, place: int) -> Iterator[Item]:
        """The items that the one at this place holds directly."""
        return (item for item in self.items if item.parent == place)

    def around(self, place: int) -> Iterator[int]:
        """The places of the items that hold the one at this place, the innermost first."""
        while (place := self.items[place].parent) >= 0:
            yield place


def same_code(one: CodedConcept | None, other: CodedConcept) -> bool:
    """Whether both mean the same, whatever the words."""
    return one is not None and (one.value, one.scheme) == (other.value, other.scheme)
