"""The table: every bad input, how it is made, and its answer."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hostile import transport
from hostile.gate import MAX_INSTANCE_MIB, Attack, Gate, answer_to, status_of
from hostile.objects import OBJECTS
from hostile.protocol import GARBAGE, PROTOCOL_ERRORS
from hostile.stored import STORED, ends
from receiving import Instance, an_instance, associate_rq, p_data
from receiving.instances import new_uid, uid_value
from receiving.raw_peer import ASSOCIATE_RQ, COMMAND, DATA


@dataclass(frozen=True)
class Row:
    """A bad input and its answer; ``group`` is a heading of the table."""

    group: str
    name: str
    attack: Attack
    answer: str

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


def _fragments(size: int) -> Iterator[bytes]:
    return itertools.repeat(p_data(1, DATA, bytes(size)))


def sent_twice(second: Instance, first: Instance) -> Attack:
    def attack(gate: Gate) -> str:
        assert status_of(gate, first) == "0x0000"
        return status_of(gate, second)

    return attack


def other_bytes() -> Attack:
    first = an_instance()
    return sent_twice(first.changed(PATIENT_ID=b"TEST-2"), first)


def another_study() -> Attack:
    first = an_instance()
    return sent_twice(first.changed(STUDY_INSTANCE_UID=uid_value(new_uid())), first)


TRANSPORT: dict[str, tuple[Attack, str]] = {
    "connect and silence": (transport.says(b""), "aborted"),
    "half a PDU header": (transport.says(b"\x01\x00\x00"), "aborted"),
    "half an association request": (transport.says(associate_rq()[:40]), "aborted"),
    "half a PDU within an association": (transport.a_pdu_cut_short, "aborted"),
    "one byte a second": (transport.one_byte_at_a_time, "aborted"),
    "a PDU over the cap": (transport.says(struct.pack(">BxL", ASSOCIATE_RQ, 1 << 31)), "aborted"),
    "endless empty fragments": (transport.pours(_fragments(0), every_s=0.005), "aborted"),
    "endless small fragments": (transport.pours(_fragments(1), every_s=0.005), "aborted"),
    "a Data Set over the cap": (
        transport.pours([p_data(1, DATA, bytes(65_536))] * 16 * (MAX_INSTANCE_MIB + 64)), "aborted"),
    "a command over the cap": (
        transport.says(p_data(1, COMMAND, bytes(8000)) * 3, associated=True), "aborted"),
    "a peer that never reads": (transport.never_reads, "closed"),
    "300 silent connections": (transport.many_silent_connections, "others are served"),
    "300 peers that connect and leave": (transport.many_that_connect_and_leave, "accepted"),
    "more associations than are allowed": (transport.more_associations_than_allowed, "rejected (2, 3, 2)"),
    "pipelining": (transport.pipelined, "each is answered, in order"),
    "an abort amid a transfer": (transport.abort_amid_a_transfer, "closed"),
    "a deflated transfer syntax": (transport.deflated, "context refused (4)"),
}  # fmt: skip

IDENTITY: dict[str, tuple[Attack, str]] = {
    "an unknown calling AE title": (transport.by_the_library(calling="STRANGER"), "rejected (1, 1, 3)"),
    "no calling AE title": (lambda gate: answer_to(gate, calling=""), "rejected (1, 1, 3)"),
    "a wrong called AE title": (transport.by_the_library(called="OTHER"), "rejected (1, 1, 7)"),
    "another application context": (
        lambda gate: answer_to(gate, application_context="1.2.3"), "rejected (1, 1, 2)"),
    "another protocol version": (lambda gate: answer_to(gate, version=2), "rejected (1, 2, 2)"),
    "a foreign address": (transport.from_a_foreign_address, "closed"),
}  # fmt: skip

UNDER_TLS: dict[str, tuple[Attack, str]] = {
    "silence instead of a handshake": (transport.silent_under_tls, "closed"),
    "silence amid the handshake": (transport.silent_amid_the_handshake, "closed"),
    "plain DICOM": (transport.plain_where_tls_is_spoken, "closed"),
    "no certificate": (transport.without_a_certificate, "closed"),
    "an AE title of another certificate": (
        lambda gate: answer_to(gate, calling="ANOTHER"), "rejected (1, 1, 3)"),
    "silence after the handshake": (transport.says(b""), "aborted"),
    "half a PDU under TLS": (transport.a_pdu_cut_short, "aborted"),
}  # fmt: skip

TWICE: dict[str, tuple[Attack, str]] = {
    "a SOP Instance UID with other bytes": (other_bytes(), "0x0111"),
    "a SOP Instance UID in another study": (another_study(), "0x0111"),
}

FILES: dict[str, tuple[Attack, str]] = {
    "a file with the preamble of a program": (
        transport.a_file_that_begins_as_a_program, "0x0000, zeros are kept"),
}  # fmt: skip


def _rows(group: str, cases: dict[str, tuple[Attack, str]]) -> list[Row]:
    return [Row(group, name, attack, answer) for name, (attack, answer) in cases.items()]


def _stores(instance: Instance) -> Attack:
    return lambda gate: status_of(gate, replace(instance))


TABLE: list[Row] = [
    *_rows("Transport", TRANSPORT),
    *_rows("Who it is", IDENTITY),
    *_rows("Not DICOM", {name: (transport.says(data), "aborted") for name, data in GARBAGE.items()}),
    *_rows(
        "DICOM that breaks its protocol",
        {name: (transport.says(data, associated=True), "aborted") for name, data in PROTOCOL_ERRORS.items()},
    ),
    *_rows(
        "Objects", {name: (_stores(instance), f"0x{status:04X}") for name, (instance, status) in OBJECTS.items()}
    ),
    *_rows("Objects that came before", TWICE),
    *_rows("Files", FILES),
    *_rows("Objects that are stored", {name: (ends(name), bad.outcome) for name, bad in STORED.items()}),
]
"""Before a listener that speaks plain DICOM."""

TLS_TABLE: list[Row] = _rows("Under TLS", UNDER_TLS)
"""Before a listener under TLS."""
