"""The part of a header that selection and report need, as the DICOM JSON Model (PS3.18 Annex F), in bounds.

Private attributes and bulk values stay behind, as does every value that cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.charset import python_encoding
from pydicom.tag import BaseTag

LIMIT_BYTES = 65_536
"""All of it, as JSON."""

_VALUE_LIMIT_BYTES = 8_192
_DEPTH = 4
_ITEMS = 32
_BULK_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW", "US or OW", "US or SS or OW"})
_BULK_GROUPS = frozenset({*range(0x5000, 0x5100), *range(0x6000, 0x6100), 0x7FE0})


def clean(ds: Dataset) -> dict[str, Any]:
    """Tag to JSON attribute, at most `LIMIT_BYTES` as text; what comes too late in the header is left out."""
    kept: dict[str, Any] = {}
    size = 2
    for key, attribute in _attributes(ds, _DEPTH):
        size += len(json.dumps(attribute)) + len(key) + 6
        if size > LIMIT_BYTES:
            break
        kept[key] = attribute
    if "00080005" in kept and not _is_known_character_set(ds):
        kept["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
    return kept


def _attributes(ds: Dataset, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for tag in ds.keys():  # noqa: SIM118 - iterating a Data Set converts every value, and one may be unreadable
        attribute = None if _is_left_behind(tag) else _attribute(ds, tag, depth)
        if attribute is not None:
            yield f"{int(tag):08X}", attribute


def _is_left_behind(tag: BaseTag) -> bool:
    return tag.is_private or tag.group in _BULK_GROUPS


def _attribute(ds: Dataset, tag: BaseTag, depth: int) -> dict[str, Any] | None:
    """One attribute, or None where it is bulk or unreadable."""
    try:
        raw = ds.get_item(tag)
        if raw is None or (getattr(raw, "length", 0) > _VALUE_LIMIT_BYTES and raw.VR != "SQ"):
            return None
        return _json(ds[tag], depth)
    except Exception:  # noqa: BLE001 - any value may be broken in any way; it is left out, the others count
        return None


def _json(element: DataElement, depth: int) -> dict[str, Any] | None:
    if element.VR in _BULK_VRS:
        return None
    if element.VR != "SQ":
        attribute: dict[str, Any] = element.to_json_dict(None, 0)
        return attribute if len(json.dumps(attribute, allow_nan=False)) <= _VALUE_LIMIT_BYTES else None
    if depth == 0:
        return None
    return {"vr": "SQ", "Value": [dict(_attributes(item, depth - 1)) for item in element.value[:_ITEMS]]}


def _is_known_character_set(ds: Dataset) -> bool:
    value = ds.get("SpecificCharacterSet") or "ISO_IR 6"
    names = [value] if isinstance(value, str) else list(value)
    return all(not name or str(name) in python_encoding for name in names)
