from __future__ import annotations

import json
from io import StringIO

import pytest

from databases import opened, url_at_head
from osteo_pacs import log
from osteo_pacs.config import Settings
from osteo_pacs.housekeeping.retention import retention


@pytest.fixture
def duty(tmp_path):
    """A run of the duty, and what it logs."""
    stream = StringIO()
    log.configure(level="info", form="json", process="scheduler", stream=stream)
    with opened(url_at_head("sqlite", tmp_path)) as database:

        def run(folder, **spool):
            retention(Settings(spool={"directory": folder, **spool}), database)()
            return [json.loads(line) for line in stream.getvalue().splitlines()]

        yield run


def test_a_run_tells_what_went(duty, tmp_path):
    [event] = duty(tmp_path, min_free_mib=1)
    counts = ("studies", "instances", "forgotten", "quarantined", "size_bytes")
    assert (event["event"], [event[key] for key in counts]) == ("retention_ran", [0] * 5)
    assert event["free_mib"] > 0


def test_a_run_that_cannot_make_room_says_so(duty, tmp_path):
    _, event = duty(tmp_path, min_free_mib=10**9)
    assert (event["event"], event["level"], event["limit"]) == ("space_short", "warning", 2 * 10**9)


def test_a_spool_that_is_not_there_is_not_made(duty, tmp_path):
    assert duty(tmp_path / "spool") == []
    assert not (tmp_path / "spool").exists()
