"""Values of a source's header as bytes, whether pydicom has decoded them or not; empty where they are no use."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydicom.charset import convert_encodings, encode_string
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

from osteo_pacs.report.character_set import UTF_8, is_known

Attributes = Mapping[str, bytes]
"""Values by keyword, encoded, without padding; empty where the source has none that its VR allows."""

_CONTROL_CHARACTERS = re.compile(rb"[\x00-\x1a\x1c-\x1f\x7f]")
_ALLOWED = {
    "AS": re.compile(rb"\d{3}[DWMY]"),
    "CS": re.compile(rb"[A-Z0-9_ ]{1,16}"),
    "DA": re.compile(rb"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"),
    "DS": re.compile(rb"(?=.{1,16}$)[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
    "IS": re.compile(rb"\d{1,12}"),
    "TM": re.compile(rb"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
    "UI": re.compile(rb"[0-9.]{1,64}"),
}
_SEX = re.compile(rb"[MFO]")


def as_is(text: bytes) -> bytes:
    """The text unchanged."""
    return text


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads a header and the items of its sequences.

    Attributes:
        declared: the header's Specific Character Set; items are written in it too.
        transcode: what is done to each value.
    """

    declared: tuple[str, ...]
    transcode: Callable[[bytes], bytes] = as_is

    def values(self, ds: Dataset, keywords: Iterable[str]) -> Attributes:
        """The values of these attributes."""
        return {keyword: self.value(ds, keyword) for keyword in keywords}

    def value(self, ds: Dataset, keyword: str) -> bytes:
        """The value without padding and control characters; empty where its VR does not allow it."""
        tag = Tag(keyword)
        if tag not in ds:
            return b""
        element = ds.get_item(tag)
        value = element.value if isinstance(element, RawDataElement) else self._encoded(element)
        text = _CONTROL_CHARACTERS.sub(b"", value or b"").strip(b" ")
        allowed = _SEX if keyword == "PatientSex" else _ALLOWED.get(dictionary_VR(tag))
        return self.transcode(text) if allowed is None or allowed.fullmatch(text) else b""

    def _encoded(self, element: DataElement) -> bytes:
        """The value of an element that pydicom has decoded, in the declared character set again."""
        value = element.value
        text = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value or "")
        text = text.replace("\N{REPLACEMENT CHARACTER}", "?")
        encodings = convert_encodings(list(self.declared if is_known(self.declared) else UTF_8))
        return PersonName(text).encode(encodings) if element.VR == "PN" else encode_string(text, encodings)


def items(ds: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent, or too broken to be read."""
    try:
        value = ds.get(keyword)
    except (ValueError, KeyError, OSError, EOFError, struct.error):
        return []
    return list(value) if isinstance(value, Sequence) else []


def declared_character_set(ds: Dataset) -> tuple[str, ...]:
    """The terms of the header's Specific Character Set, none where it declares nothing."""
    declared = ds.get("SpecificCharacterSet") or ()
    return (declared,) if isinstance(declared, str) else tuple(declared)
