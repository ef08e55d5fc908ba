"""UIDs of our own objects (PS3.5 B.2, the 2.25 root).

Every UID is derived from what the object says, so that building a report twice names it alike, and a PACS that
gets it twice recognises it.
"""

from __future__ import annotations

import hashlib
import uuid

IMPLEMENTATION_CLASS_UID = "2.25.192146271190352563262184935263163431137"
IMPLEMENTATION_VERSION_NAME = "OSTEO_PACS"


def derive_uid(*parts: str) -> str:
    """The 2.25 UID of these parts; the same parts always give the same UID."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=8).int}"
