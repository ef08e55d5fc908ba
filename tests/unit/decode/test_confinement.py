"""What the decoding process cannot do, whatever the code that it was brought to run."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from images import image_dataset, save
from osteo_pacs import shipped
from osteo_pacs.decode import Decoded, Decoder, Undecodable
from osteo_pacs.decode.seccomp import filter_of
from osteo_pacs.findings import RefusalReason

REPORTING = """
import os, socket

class UnreadablePixelsError(Exception): ...

def stored_values(ds):
    try:
        {deed}
    except (OSError, MemoryError) as error:
        raise UnreadablePixelsError(type(error).__name__) from None
    raise UnreadablePixelsError("done")
"""


@pytest.fixture
def taken_over(tmp_path):
    """A decoder whose rendering does what a broken image made it do, and says how that ended."""

    def decoder_that(deed, **limits):
        folder = tmp_path / "bundle"
        (folder / "scripts").mkdir(parents=True)
        source = REPORTING.format(deed=deed).encode()
        (folder / "scripts" / "rendering.py").write_bytes(source)
        digests = {"scripts/rendering.py": hashlib.sha256(source).hexdigest()}
        (folder / "manifest.json").write_text(json.dumps({"files": digests}))
        return Decoder(folder, **limits)

    return decoder_that


@pytest.fixture
def image(tmp_path) -> Path:
    return save(image_dataset(np.zeros((20, 20), np.uint8)), tmp_path)


def test_it_says_that_it_has_given_up_the_network():
    with Decoder(shipped.BUNDLE) as decoder:
        assert decoder.confinement.has_call_filter


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_it_opens_no_socket(taken_over, image, family):
    with taken_over(f"socket.socket(socket.{family}, socket.SOCK_DGRAM)") as decoder:
        assert decoder.decode(image).detail == "PermissionError"


def test_it_reaches_no_port_of_its_own_machine(taken_over, image):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with taken_over(f"socket.create_connection({address}, 5)") as decoder:
            assert decoder.decode(image).detail == "PermissionError"


def test_it_says_whether_it_lies_in_a_network_of_its_own():
    with Decoder(shipped.BUNDLE) as decoder:
        assert decoder.confinement.has_left_network == (own_interfaces(decoder) == {"lo"})


def own_interfaces(decoder):
    lines = Path(f"/proc/{decoder._child.pid}/net/dev").read_text().splitlines()[2:]
    return {line.split(":")[0].strip() for line in lines}


@pytest.mark.parametrize(
    "deed",
    [
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], dict())",
        "os.kill(os.getppid(), 0)",
        "os.unlink({victim!r})",
        "os.rename({victim!r}, {victim!r} + '.gone')",
        "os.truncate({victim!r}, 0)",
        "os.chmod({victim!r}, 0o777)",
        "open({victim!r}, 'r+b')",
        "os.open({victim!r}, os.O_RDONLY | os.O_TRUNC)",
        "open({victim!r} + '.new', 'wb')",
    ],
)
def test_it_starts_nothing_ends_nothing_and_changes_no_file(taken_over, image, deed):
    before = image.read_bytes()
    with taken_over(deed.format(victim=str(image))) as decoder:
        assert decoder.decode(image).detail == "PermissionError"
    assert image.read_bytes() == before
    assert not image.with_name(f"{image.name}.new").exists()


def test_it_imports_what_its_parent_can_import(taken_over, image, tmp_path, monkeypatch):
    folder = tmp_path / "codecs"
    folder.mkdir()
    (folder / "codec_of_a_site.py").touch()
    monkeypatch.syspath_prepend(folder)
    with taken_over("import codec_of_a_site") as decoder:
        assert decoder.decode(image).detail == "done"


def test_it_never_gets_more_memory_than_its_limit(taken_over, image):
    with taken_over("bytearray(2 << 30)", memory_limit_bytes=1 << 30) as decoder:
        assert decoder.decode(image).detail == "MemoryError"


def test_one_that_allocates_without_end_is_refused_and_the_next_image_has_a_process(taken_over, image):
    with taken_over("kept = []\n        while True: kept.append(bytearray(1 << 20))") as decoder:
        assert decoder.decode(image).detail == "MemoryError"
        assert isinstance(decoder.header(image), Dataset)


def test_one_that_loops_is_ended_at_its_deadline(taken_over, image):
    with taken_over("while True: pass", timeout_s=0.5) as decoder:
        looping = decoder._child.pid
        undecodable = decoder.decode(image)
        assert undecodable == Undecodable(RefusalReason.UNREADABLE_PIXELS, "the decoding process took too long")
        assert not Path(f"/proc/{looping}").exists()


def test_one_that_loops_is_ended_by_the_kernel_where_nobody_watches(taken_over, image, monkeypatch):
    with taken_over("while True: pass", timeout_s=60) as decoder:
        monkeypatch.setitem(decoder._limits, "cpu_limit_s", 1)
        decoder._child.kill()
        decoder._child = None
        assert "ended without an answer" in decoder.decode(image).detail


def test_the_rendering_that_ships_needs_nothing_of_this(image):
    with Decoder(shipped.BUNDLE) as decoder:
        assert isinstance(decoder.decode(image), Decoded)


AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SOCKET = {"x86_64": 41, "aarch64": 198}
OPENAT = {"x86_64": 257, "aarch64": 56}
READ = {"x86_64": 0, "aarch64": 63}
KILL, DENY, ALLOW = 0x80000000, 0x00050001, 0x7FFF0000


def verdict(code, architecture, number, *arguments):
    """What the kernel would make of a call: the few instructions of classic BPF that a filter is made of."""
    seccomp_data = struct.pack("=IIQ6Q", number, architecture, 0, *(*arguments, *[0] * 6)[:6])
    instructions = list(struct.iter_unpack("=HBBI", code))
    at, accumulator = 0, 0
    while True:
        operation, if_true, if_false, value = instructions[at]
        at += 1
        match operation:
            case 0x06:
                return value
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", seccomp_data, value)
            case 0x15 | 0x35 | 0x45:
                holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}
                at += if_true if holds[operation] else if_false


@pytest.mark.parametrize("machine", AUDIT_ARCH)
def test_each_kind_of_machine_is_judged_by_its_own_numbers(machine):
    judged = partial(verdict, filter_of(machine), AUDIT_ARCH[machine])
    assert judged(SOCKET[machine]) == DENY
    assert judged(READ[machine]) == ALLOW
    assert judged(OPENAT[machine], 0, 0, os.O_RDONLY) == ALLOW
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_CREAT, os.O_RDONLY | os.O_TRUNC):
        assert judged(OPENAT[machine], 0, 0, flags) == DENY
    assert judged(0x40000000 | SOCKET[machine]) == KILL


@pytest.mark.parametrize("machine", AUDIT_ARCH)
def test_calls_by_the_numbers_of_another_machine_end_the_process(machine):
    [other] = set(AUDIT_ARCH.values()) - {AUDIT_ARCH[machine]}
    assert verdict(filter_of(machine), other, READ[machine]) == KILL


def test_an_unknown_kind_of_machine_has_none():
    assert filter_of("mips") == b""
