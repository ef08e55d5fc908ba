"""An SR or a Key Object Selection as plain JSON, in bounds; it runs in the decoding process (PS3.3 C.17)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom import Dataset

MOST_ITEMS = 4_000
DEEPEST = 24
LONGEST_TEXT = 200
_MOST_PREDECESSORS = 50


class DocumentTooLarge(Exception):
    """The tree has more items, or is deeper, than a report of this kind ever is."""


def outline(ds: Dataset) -> dict[str, Any]:
    """What the worker needs of it; texts are cut.

    Raises:
        DocumentTooLarge: the tree is beyond the bounds.
    """
    observer = _first(ds, "VerifyingObserverSequence")
    items: list[dict[str, Any]] = []
    _walk(ds, -1, 0, items)
    return {
        "sop_class_uid": _text(ds, "SOPClassUID"),
        "sop_instance_uid": _text(ds, "SOPInstanceUID"),
        "title": _concept(_first(ds, "ConceptNameCodeSequence")),
        "is_verified": _text(ds, "VerificationFlag") == "VERIFIED",
        "is_complete": _text(ds, "CompletionFlag") in {"COMPLETE", ""},
        "predecessors": [*_predecessors(ds)][:_MOST_PREDECESSORS],
        "author": _text(observer, "VerifyingObserverName"),
        "written_at": _text(observer, "VerificationDateTime")
        or _text(ds, "ContentDate") + _text(ds, "ContentTime"),
        "offset": _text(ds, "TimezoneOffsetFromUTC"),
        "items": items,
    }


def _walk(ds: Dataset, parent: int, depth: int, items: list[dict[str, Any]]) -> None:
    if depth > DEEPEST:
        raise DocumentTooLarge(f"more than {DEEPEST} levels")
    for child in ds.get("ContentSequence") or ():
        if len(items) == MOST_ITEMS:
            raise DocumentTooLarge(f"more than {MOST_ITEMS} items")
        items.append(_item(child, parent))
        _walk(child, len(items) - 1, depth + 1, items)


def _item(ds: Dataset, parent: int) -> dict[str, Any]:
    measured, reference = _first(ds, "MeasuredValueSequence"), _first(ds, "ReferencedSOPSequence")
    units = _concept(_first(measured, "MeasurementUnitsCodeSequence"))
    return {
        "value_type": _text(ds, "ValueType"),
        "parent": parent,
        "name": _concept(_first(ds, "ConceptNameCodeSequence")),
        "code": _concept(_first(ds, "ConceptCodeSequence")),
        "number": _number(measured),
        "unit": units[0] if units else "",
        "text": _text(ds, "TextValue"),
        "uid": _text(ds, "UID") or _text(reference, "ReferencedSOPInstanceUID"),
    }


def _predecessors(ds: Dataset) -> Iterator[str]:
    for study in ds.get("PredecessorDocumentsSequence") or ():
        for series in study.get("ReferencedSeriesSequence") or ():
            for reference in series.get("ReferencedSOPSequence") or ():
                yield _text(reference, "ReferencedSOPInstanceUID")


def _first(ds: Dataset | None, keyword: str) -> Dataset | None:
    items = ds.get(keyword) if ds is not None else None
    return items[0] if items else None


def _text(ds: Dataset | None, keyword: str) -> str:
    value = ds.get(keyword) if ds is not None else None
    return "" if value is None else str(value)[:LONGEST_TEXT].strip()


def _concept(ds: Dataset | None) -> list[str] | None:
    """Value, scheme and meaning; long and URN codes stand in attributes of their own (PS3.3 8.1)."""
    if ds is None:
        return None
    value = _text(ds, "CodeValue") or _text(ds, "LongCodeValue") or _text(ds, "URNCodeValue")
    return [value, _text(ds, "CodingSchemeDesignator"), _text(ds, "CodeMeaning")]


def _number(measured: Dataset | None) -> float | None:
    value = measured.get("NumericValue") if measured is not None else None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None
