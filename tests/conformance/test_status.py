"""What the status tells of the same rows is the same on both databases."""

from __future__ import annotations

from datetime import timedelta

from kept import FullSpool, Installation
from receipts import NOW

from osteo_pacs.clock import utc_now
from osteo_pacs.config import Destination, Settings
from osteo_pacs.jobs.outlets import outlets
from osteo_pacs.jobs.throughput import throughput
from osteo_pacs.status import look_round

PACS = Destination(name="pacs0", host="127.0.0.1", port=1, ae_title="PACS")


def test_every_section_is_told(database, tmp_path):
    installation = Installation(database, FullSpool(tmp_path / "spool"))
    installation.delivered()
    sections = {one.name: one for one in look_round(Settings(destinations=[PACS]), database, utc_now)}
    assert sections["queue"].facts["infer"]["states"]["completed"] == 1
    assert sections["destinations"].facts[0]["state"] == "idle"
    assert sections["disk"].facts["database_bytes"] > 0
    assert abs(sections["clock"].facts["database_ahead_s"]) < 60
    assert all(section.lines for section in sections.values())


def test_what_was_done_is_counted_by_when_it_was_done(database, tmp_path):
    installation = Installation(database, FullSpool(tmp_path / "spool"))
    for hours in (0, 2, 30):
        installation.delivered(at=NOW - timedelta(hours=hours))
    with database.read() as session:
        found = {one.what: one.counts for one in throughput(session, NOW + timedelta(seconds=1))}
    assert found["studies_received"] == {"minute": 1, "hour": 1, "day": 2}
    assert found["instances_received"] == {"minute": 2, "hour": 2, "day": 4}
    assert found["reports_written"] == {"minute": 1, "hour": 1, "day": 2}


def test_a_destination_is_told_by_its_jobs(database, tmp_path):
    installation = Installation(database, FullSpool(tmp_path / "spool"))
    study_id = installation.delivered()
    installation.report(study_id, deliveries_in=("retryable", "available", "parked"))
    with database.read() as session:
        first, second, third, unknown = outlets(session, ["pacs0", "pacs1", "pacs2", "pacs9"])
    assert (first.failing, first.next_attempt_at) == (1, NOW)
    assert (second.waiting, second.failing) == (1, 0)
    assert (third.parked, third.next_attempt_at) == (1, None)
    assert (unknown.waiting, unknown.last_success_at) == (0, None)
