"""Bytes that are no DICOM Upper Layer protocol, or that break it (PS3.8 9.2 and 9.3)."""

from __future__ import annotations

import struct

from receiving import associate_rq, p_data, pdu
from receiving.instances import CR, IMPLICIT
from receiving.raw_peer import ASSOCIATE_AC, ASSOCIATE_RQ, COMMAND, DATA, LAST, RELEASE_RQ, VERIFICATION, command

GARBAGE = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "TLS": bytes.fromhex("1603010200010001fc0303") + bytes(500),
    "a PDU of type 0": pdu(0, b""),
    "a PDU over the cap": struct.pack(">BxL", ASSOCIATE_RQ, 0xFFFFFFFF),
    "P-DATA before the association": p_data(1, COMMAND | LAST, b""),
    "a release before the association": pdu(RELEASE_RQ, bytes(4)),
    "an empty A-ASSOCIATE-RQ": pdu(ASSOCIATE_RQ, b""),
    "an item longer than its PDU": associate_rq()[:-1][:2] + struct.pack(">L", len(associate_rq()) - 7)
    + associate_rq()[6:-1],
    "context id 0": associate_rq(contexts=[(0, CR, (IMPLICIT,))]),
    "an even context id": associate_rq(contexts=[(2, CR, (IMPLICIT,))]),
    "the same context id twice": associate_rq(contexts=[(1, CR, (IMPLICIT,)), (1, VERIFICATION, (IMPLICIT,))]),
    "a context without abstract syntax": associate_rq(contexts=[(1, None, (IMPLICIT,))]),
    "a context without transfer syntax": associate_rq(contexts=[(1, CR, ())]),
}  # fmt: skip
"""In place of an association request."""

PROTOCOL_ERRORS = {
    "a context that was not accepted": p_data(7, COMMAND | LAST, command(0x0030)),
    "a Data Set without a command": p_data(1, DATA | LAST, b"1234"),
    "a command without its elements": p_data(1, COMMAND | LAST, b""),
    "a command of text": p_data(1, COMMAND | LAST, b"GET / HTTP/1.1\r\n"),
    "a response": p_data(1, COMMAND | LAST, command(0x8001)),
    "an empty P-DATA": pdu(4, b""),
    "a fragment longer than its PDU": pdu(4, struct.pack(">LBB", 1000, 1, 3) + b"x"),
    "a fragment without its header": pdu(4, struct.pack(">LBB", 1, 1, 3)),
    "a second association request": associate_rq(),
    "an acceptance": pdu(ASSOCIATE_AC, bytes(68)),
}
"""Within an association."""
