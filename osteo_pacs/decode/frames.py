"""What travels between the worker and its decoding process: a JSON head and raw bytes, each with its length."""

from __future__ import annotations

import json
import struct
from typing import Any

PREFIX = struct.Struct(">IQ")
"""Length of the head, length of the payload."""


def pack(head: dict[str, Any], payload_bytes: int) -> bytes:
    """The prefix and the head; the payload's bytes follow them."""
    text = json.dumps(head, allow_nan=False).encode()
    return PREFIX.pack(len(text), payload_bytes) + text


def parse_head(text: bytes | bytearray) -> dict[str, Any]:
    """The head as a dictionary.

    Raises:
        ValueError: it is none.
    """
    try:
        head = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(head, dict):
        raise ValueError("no object")  # noqa: TRY004 - one kind of error for everything that a peer may send
    return head
