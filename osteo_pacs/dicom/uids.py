"""UIDs of our own objects (PS3.5 B.2, the 2.25 root).

Every UID is derived from what the object says, so that building a report twice names it alike, and a PACS that
gets it twice recognises it.
"""

from __future__ import annotations

import hashlib

IMPLEMENTATION_CLASS_UID = "2.25.192146271190352563262184935263163431137"
IMPLEMENTATION_VERSION_NAME = "OSTEO_PACS"

_VERSION_AND_VARIANT = (0xF << 76) | (0x3 << 62)
_VERSION_8 = (0x8 << 76) | (0x2 << 62)


def derive_uid(*parts: str) -> str:
    """The 2.25 UID of these parts; the same parts always give the same UID."""
    digest = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:16])
    # The version and variant bits of RFC 9562's version 8; uuid.UUID knows that version from Python 3.14 on.
    return f"2.25.{digest & ~_VERSION_AND_VARIANT | _VERSION_8}"


def tracking_uid(image_uid: str, class_code: str) -> str:
    """The Tracking Unique Identifier of the question asked of an image: whether it shows this class (TID 1410)."""
    return derive_uid("tracking", image_uid, class_code)
