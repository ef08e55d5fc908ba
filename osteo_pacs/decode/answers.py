"""Values from what the decoding process answers; anything may stand there, and what does not fit is an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.labels.document import Item, ReceivedDocument

_DIGITS = 14
_OFFSET_DIGITS = 5


def document_of(answer: Mapping[str, Any]) -> ReceivedDocument:
    """The document that the process has laid out.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return ReceivedDocument(
        sop_class_uid=str(answer["sop_class_uid"]),
        sop_instance_uid=str(answer["sop_instance_uid"]),
        title=_concept(answer["title"]),
        is_verified=bool(answer["is_verified"]),
        is_complete=bool(answer["is_complete"]),
        predecessors=tuple(map(str, answer["predecessors"])),
        author=_printable(answer["author"]),
        written_at=parse_date_time(str(answer["written_at"]), str(answer["offset"])),
        items=tuple(_item(number, item) for number, item in enumerate(answer["items"])),
    )


def _item(number: int, item: Mapping[str, Any]) -> Item:
    parent = int(item["parent"])
    if not -1 <= parent < number:
        raise ValueError("an item stands before what holds it")
    return Item(
        value_type=str(item["value_type"]),
        parent=parent,
        name=_concept(item["name"]),
        code=_concept(item["code"]),
        number=None if item["number"] is None else float(item["number"]),
        unit=str(item["unit"]),
        text=str(item["text"]),
        uid=str(item["uid"]),
    )


def _concept(parts: Any) -> CodedConcept | None:
    if parts is None:
        return None
    value, scheme, meaning = map(str, parts)
    return CodedConcept(value, scheme, meaning)


def _printable(text: Any) -> str:
    return "".join(char for char in str(text) if char.isprintable())


def parse_date_time(text: str, offset: str = "") -> datetime | None:
    """A DT, or a DA and a TM, as aware UTC (PS3.5 6.2); without an offset it is this machine's time.

    Args:
        text: its own offset from UTC counts before the other.
        offset: Timezone Offset From UTC (0008,0201).
    """
    digits = text.partition(".")[0]
    for sign in "+-":
        digits, found, rest = digits.partition(sign)
        offset = sign + rest if found else offset
    digits = digits.ljust(_DIGITS, "0")[:_DIGITS] if len(digits) >= len("20260301") else ""
    own = text[-_OFFSET_DIGITS:]
    if own[:1] in {"+", "-"} and own[1:].isdigit():
        offset = own
    try:
        naive = datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
        zone = _zone(offset)
        return (naive.replace(tzinfo=zone) if zone else naive).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(offset: str) -> timezone | None:
    if len(offset) != _OFFSET_DIGITS or offset[0] not in "+-" or not offset[1:].isdigit():
        return None
    length = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    return timezone(length if offset[0] == "+" else -length)
