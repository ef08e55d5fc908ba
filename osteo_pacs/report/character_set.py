"""The Specific Character Set of a report: that of its source, where it can be true (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydicom.charset import python_encoding

UTF_8 = ("ISO_IR 192",)
ASCII: tuple[str, ...] = ()

_ALONE = re.compile(r"ISO_IR (13|100|101|109|110|126|127|138|144|148|166|192)|GB18030|GBK")
_WITH_ESCAPES = re.compile(r"ISO 2022 IR (6|13|58|87|100|101|109|110|126|127|138|144|148|149|159|166)")


def inherited_character_set(declared: tuple[str, ...], texts: Iterable[bytes]) -> tuple[str, ...]:
    """The Defined Terms to write around ``texts``: those declared, none for pure ASCII, else UTF-8.

    A header that declares nothing, or no Defined Term, or whose text is not in what it declares, cannot be
    copied: its text has to pass through `to_utf8`.
    """
    texts = list(texts)
    if _is_true_of(declared, texts):
        return declared
    return ASCII if all(_is_ascii(text) for text in texts) else UTF_8


def to_utf8(text: bytes) -> bytes:
    """Text of a false declaration: UTF-8 where it is that already, else taken for Latin-1."""
    return text if _decodes(text, "utf-8") else text.decode("latin-1").encode("utf-8")


def is_known(declared: tuple[str, ...]) -> bool:
    """True for one stand-alone Defined Term, or for terms with code extensions (the first may be empty)."""
    if len(declared) == 1 and _ALONE.fullmatch(declared[0]):
        return True
    first, *others = declared or ("",)
    return (first == "" or bool(_WITH_ESCAPES.fullmatch(first))) and all(map(_WITH_ESCAPES.fullmatch, others))


def _is_true_of(declared: tuple[str, ...], texts: list[bytes]) -> bool:
    if not any(declared) or not is_known(declared):
        return False
    if len(declared) > 1 or _WITH_ESCAPES.fullmatch(declared[0]):
        return True
    return all(_decodes(text, python_encoding[declared[0]]) for text in texts)


def _is_ascii(text: bytes) -> bool:
    return text.isascii() and b"\x1b" not in text


def _decodes(text: bytes, codec: str) -> bool:
    try:
        text.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
