"""Audit messages as frames of syslog over TLS (RFC 5424, RFC 5425, PS3.15 A.6)."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest

from audit_samples import SAMPLES
from audit_schema import parsed
from osteo_pacs.audit.syslog import frame

HEADER = re.compile(
    rb"<(?P<pri>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+) (?P<id>\S+) - "
    rb"\xef\xbb\xbf(?P<xml>.*)"
)


def unframed(data):
    length, _, message = data.partition(b" ")
    assert int(length) == len(message)
    return HEADER.fullmatch(message)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_frame_holds_one_valid_message(name):
    found = unframed(frame(SAMPLES[name]))
    parsed(found["xml"])
    assert found["id"] == b"DICOM+RFC3881"
    assert found["time"] == b"2026-03-01T12:00:00.250000Z"
    assert found["pid"] == str(os.getpid()).encode()


def test_facility_is_security_and_a_failure_is_a_warning():
    assert unframed(frame(SAMPLES["a process starts"]))["pri"] == b"85"
    assert unframed(frame(SAMPLES["a peer was refused"]))["pri"] == b"84"


def test_the_sender_is_the_process_that_saw_the_event():
    found = unframed(frame(replace(SAMPLES["a process starts"], source="listener@dxa host")))
    assert (found["host"], found["app"]) == (b"dxahost", b"osteo_pacs-listener")


def test_no_host_is_a_dash():
    assert unframed(frame(replace(SAMPLES["a process starts"], source="courier@")))["host"] == b"-"
