"""Bad objects, each as a C-STORE with the status that answers it."""

from __future__ import annotations

import struct
from dataclasses import replace

from receiving import Instance, an_instance, element
from receiving.instances import SECONDARY_CAPTURE, encoded, uid_value

SUCCESS, CANNOT_UNDERSTAND, NO_MATCH, UNSUPPORTED = 0x0000, 0xC000, 0xA900, 0x0122
UNDEFINED = 0xFFFFFFFF


def with_uid(value: bytes) -> Instance:
    """The same bytes as SOP Instance UID in the command and in the Data Set."""
    return replace(an_instance(), sop_instance_uid=value).changed(SOP_INSTANCE_UID=value)


def raw(data_set: bytes) -> Instance:
    return replace(an_instance(), raw=data_set)


def before(data: bytes) -> Instance:
    """A good instance, behind these bytes."""
    good = an_instance()
    return replace(good, raw=data + good.data_set)


def after(data: bytes) -> Instance:
    """A good instance without pixels, followed by these bytes."""
    good = an_instance().changed(PIXEL_DATA=None)
    return replace(good, raw=good.data_set + data)


def nested(depth: int, *, undefined: bool) -> bytes:
    """Sequences within sequences, in Implicit VR."""
    value = b""
    for _ in range(depth):
        item = struct.pack("<HHL", 0xFFFE, 0xE000, len(value)) + value
        if undefined:
            item = struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED) + value + struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
            value = struct.pack("<HHL", 0x0040, 0xA730, UNDEFINED) + item + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
        else:
            value = element(0x0040A730, item)
    return value


def with_nesting(depth: int, *, undefined: bool) -> Instance:
    good = an_instance()
    before = {tag: value for tag, value in good.elements.items() if tag < 0x0040A730}
    return replace(good, raw=encoded(before) + nested(depth, undefined=undefined))


BAD_UIDS = (
    b"../../x",
    b"/etc/passwd\0",
    b"1.2\x003.4",
    b"1.2\r\n3.4\0",
    b"1." + b"2" * 63 + b"\0",
    b"1..2",
    b".1.2",
    b"1.2.",
    b"1.2 3",
    b"\xef\xbc\x91.2\0",
    b"",
    b"\0\0",
    b"%s%n%x\0",
    b"1.2'; DROP TABLE instance; --\0",
)

OBJECTS: dict[str, tuple[Instance, int]] = {
    "a good instance": (an_instance(), SUCCESS),
    "the longest UID": (with_uid(b"1." + b"2" * 62), SUCCESS),
    "a UID padded with a space": (with_uid(b"1.2.826.99999.1 "), SUCCESS),
    **{f"a UID of {uid[:12]!r}": (with_uid(uid), CANNOT_UNDERSTAND) for uid in BAD_UIDS},
    "a SOP Class UID that is none": (replace(an_instance(), sop_class_uid=b"../x"), CANNOT_UNDERSTAND),
    "another SOP Instance UID than the command's": (
        an_instance().changed(SOP_INSTANCE_UID=uid_value("1.2.3")), NO_MATCH),
    "another SOP Class UID than the command's": (
        an_instance().changed(SOP_CLASS_UID=uid_value(SECONDARY_CAPTURE)), NO_MATCH),
    "another SOP Class UID than the context's": (an_instance(sop_class_uid=SECONDARY_CAPTURE), NO_MATCH),
    "no SOP Class UID": (an_instance().changed(SOP_CLASS_UID=None), CANNOT_UNDERSTAND),
    "no SOP Instance UID": (an_instance().changed(SOP_INSTANCE_UID=None), CANNOT_UNDERSTAND),
    "no Study Instance UID": (an_instance().changed(STUDY_INSTANCE_UID=None), CANNOT_UNDERSTAND),
    "an empty Study Instance UID": (an_instance().changed(STUDY_INSTANCE_UID=b""), CANNOT_UNDERSTAND),
    "a Study Instance UID that is a path": (
        an_instance().changed(STUDY_INSTANCE_UID=b"../../x\0"), CANNOT_UNDERSTAND),
    "no Series Instance UID": (an_instance().changed(SERIES_INSTANCE_UID=None), CANNOT_UNDERSTAND),
    "a Series Instance UID over 64 characters": (
        an_instance().changed(SERIES_INSTANCE_UID=b"1." + b"3" * 64), CANNOT_UNDERSTAND),
    "an empty Data Set": (raw(b""), CANNOT_UNDERSTAND),
    "one byte": (raw(b"\x08"), CANNOT_UNDERSTAND),
    "text": (raw(b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n"), CANNOT_UNDERSTAND),
    "random bytes": (raw(bytes(range(256)) * 40), CANNOT_UNDERSTAND),
    "a whole Part 10 file": (raw(bytes(128) + b"DICM" + an_instance().data_set), CANNOT_UNDERSTAND),
    "a length past the end": (
        after(struct.pack("<HHL", 0x0028, 0x0010, 9)), CANNOT_UNDERSTAND),
    "a group of the command": (before(element(0x00000002, b"1.2\0")), CANNOT_UNDERSTAND),
    "two SOP Instance UIDs": (before(element(0x00080018, b"1.2\0")), CANNOT_UNDERSTAND),
    "an Item outside of a sequence": (
        before(struct.pack("<HHL", 0xFFFE, 0xE000, 0)), CANNOT_UNDERSTAND),
    "32 sequences in one another": (with_nesting(32, undefined=False), SUCCESS),
    "33 sequences in one another": (with_nesting(33, undefined=False), CANNOT_UNDERSTAND),
    "33 sequences of undefined length": (with_nesting(33, undefined=True), CANNOT_UNDERSTAND),
    "eight kilobytes of sequences": (with_nesting(500, undefined=False), CANNOT_UNDERSTAND),
    "a sequence without its end": (
        after(struct.pack("<HHL", 0x0040, 0xA730, UNDEFINED)),
        CANNOT_UNDERSTAND),
    "pixels that end too early": (
        after(struct.pack("<HHL", 0x7FE0, 0x0010, 999) + b"..."),
        SUCCESS),
    "absurd numbers": (
        an_instance().changed(ACCESSION_NUMBER=b"\xff" * 70_000), SUCCESS),
}  # fmt: skip
