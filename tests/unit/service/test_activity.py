"""What processes tell the audit trail of themselves."""

from __future__ import annotations

import pytest

from databases import url_at_head
from osteo_pacs.audit.record import AuditRecord
from osteo_pacs.config import Settings
from osteo_pacs.db import audit
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.dicom.audit import EventOutcome, EventType
from osteo_pacs.sealed import BundleTampered
from osteo_pacs.service import activity
from osteo_pacs.service.activity import alerted, audited, died, tell
from osteo_pacs.signature import BundleNotSigned


@pytest.fixture
def database(tmp_path):
    database = Database(url_at_head("sqlite", tmp_path))
    yield database
    database.close()


@pytest.fixture
def settings(database):
    return Settings(database={"url": database.url.render_as_string()})


def records(database) -> list[AuditRecord]:
    with database.read() as session:
        return [kept.record for kept in reversed(audit.list_records(session))]


def test_a_process_starts_and_stops(database):
    with audited("worker", database):
        assert [record.event_type for record in records(database)] == [EventType.APPLICATION_START]
    stopped = records(database)[1]
    assert (stopped.event_type, stopped.outcome) == (EventType.APPLICATION_STOP, EventOutcome.SUCCESS)
    assert stopped.actor == "worker"


def test_a_process_that_ends_by_an_error_says_so(database):
    with pytest.raises(ZeroDivisionError), audited("worker", database):
        raise ZeroDivisionError
    assert records(database)[1].outcome is EventOutcome.MAJOR_FAILURE


def test_a_process_that_cannot_be_told_of_does_not_run(tmp_path):
    away = Database(f"sqlite:///{tmp_path}")
    with pytest.raises(DatabaseUnavailable), audited("worker", away):
        pytest.fail("it runs")


def test_what_has_happened_is_told_where_it_can_be(tmp_path):
    tell(Database(f"sqlite:///{tmp_path}"), died("worker-1", 4711, -9))


def test_a_death_names_the_process_that_died(database):
    tell(database, died("worker-1", 4711, -9))
    [record] = records(database)
    assert (record.actor, record.description) == ("worker-1", "the process died with exit status -9")


def tampered(settings):
    with alerted("worker", settings):
        raise BundleTampered("x has been changed")


def test_a_tampered_bundle_is_an_alert_and_told_once_in_a_while(database, settings, monkeypatch):
    for _ in range(3):
        with pytest.raises(BundleTampered):
            tampered(settings)
    [alert] = records(database)
    assert (alert.event_type, alert.outcome) == (EventType.SOFTWARE_CONFIGURATION, EventOutcome.SERIOUS_FAILURE)
    assert "x has been changed" in alert.description
    assert alert.objects[0].object_id.startswith("file://")
    monkeypatch.setattr(activity, "ALERT_AGAIN_AFTER", -activity.ALERT_AGAIN_AFTER)
    with pytest.raises(BundleTampered):
        tampered(settings)
    assert len(records(database)) == 2


def test_a_bundle_that_is_not_signed_is_an_alert(database, settings):
    with pytest.raises(BundleNotSigned), alerted("worker", settings):
        raise BundleNotSigned("manifest.json.sig is missing.")
    [alert] = records(database)
    assert (alert.event_type, alert.outcome) == (EventType.SOFTWARE_CONFIGURATION, EventOutcome.SERIOUS_FAILURE)
    assert "manifest.json.sig is missing" in alert.description
