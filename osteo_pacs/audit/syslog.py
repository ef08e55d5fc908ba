"""Audit messages as syslog (RFC 5424, PS3.15 A.6), framed for TLS by their length (RFC 5425)."""

from __future__ import annotations

import os
from datetime import UTC

from osteo_pacs.audit.message import to_xml
from osteo_pacs.audit.record import AuditRecord
from osteo_pacs.dicom.audit import EventOutcome

SECURITY_FACILITY = 10
NOTICE, WARNING = 5, 4
MESSAGE_ID = "DICOM+RFC3881"
NOTHING = "-"
BOM = b"\xef\xbb\xbf"
LONGEST_HOST, LONGEST_APPLICATION = 255, 48
_PRINTABLE = range(33, 127)


def frame(record: AuditRecord) -> bytes:
    """The record as a frame of RFC 5425 4.3: length in octets, a space, the message."""
    role, _, host = record.source.partition("@")
    severity = NOTICE if record.outcome is EventOutcome.SUCCESS else WARNING
    header = (
        f"<{SECURITY_FACILITY * 8 + severity}>1",
        record.happened_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        _word(host, LONGEST_HOST),
        _word(f"osteo_pacs-{role}", LONGEST_APPLICATION),
        str(os.getpid()),
        MESSAGE_ID,
        NOTHING,
    )
    xml = f'<?xml version="1.0" encoding="UTF-8"?>{to_xml(record)}'
    message = " ".join(header).encode("ascii") + b" " + BOM + xml.encode()
    return b"%d %b" % (len(message), message)


def _word(text: str, limit: int) -> str:
    return "".join(char for char in text if ord(char) in _PRINTABLE)[:limit] or NOTHING
