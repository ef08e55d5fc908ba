"""What happens while studies go: late instances, crashes, instances that come again; and the trail of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from kept import AGES, DAY, FullSpool, Installation, run
from receipts import NOW, new_instance
from sqlalchemy import func, select

from osteo_pacs.db import audit, labels
from osteo_pacs.db.receipts import Outcome
from osteo_pacs.db.tables import Job, JobKind
from osteo_pacs.dicom.audit import Action, EventId
from osteo_pacs.housekeeping import retention as retention_module
from osteo_pacs.receive.listener import clear_orphans

LATER = NOW + 365 * DAY


@pytest.fixture
def installation(database, tmp_path):
    return Installation(database, FullSpool(tmp_path / "spool"))


# -- at the very moment


def test_an_instance_that_comes_after_the_plan_holds_its_study(installation):
    study_id = installation.delivered("2.25.1.2")
    keeper = installation.keeper(**AGES)
    plan = keeper.plan()
    assert len(plan.going) == 1
    installation.resend(new_instance("2.25.1.2"))
    assert keeper.carry_out(plan).studies == 0
    assert installation.kept() == [study_id]


def test_a_label_a_retry_and_a_reading_that_come_after_the_plan_hold_their_studies(installation):
    labelled, retried, read = (installation.delivered() for _ in range(3))
    keeper = installation.keeper(**AGES)
    plan = keeper.plan()
    installation.label(labelled)
    installation.job(retried, "retryable", kind=JobKind.DELIVER, destination="other")
    installation.job(read, "available")
    assert keeper.carry_out(plan).studies == 0
    assert installation.kept() == [labelled, retried, read]


def test_a_study_that_someone_is_writing_to_is_left_for_the_next_run(postgresql_database, tmp_path):
    installation = Installation(postgresql_database, FullSpool(tmp_path / "spool"))
    being_labelled, free = installation.delivered(), installation.delivered()
    keeper = installation.keeper(**AGES)
    with postgresql_database.write() as session:
        labels.add_label(session, labels.NewLabel(being_labelled, True, "csv", NOW), NOW)
        assert run(keeper).studies == 1
    assert installation.kept() == [being_labelled]
    assert free not in installation.kept()


def test_instances_that_come_while_studies_go_are_never_without_their_files(installation, monkeypatch):
    monkeypatch.setattr(retention_module, "BATCH", 1)
    uids = [f"2.25.1.3.{number}" for number in range(12)]
    for uid in uids:
        installation.delivered(uid)
    keeper = installation.keeper(**AGES)
    start = threading.Barrier(2)

    def send() -> None:
        start.wait()
        for uid in reversed(uids):
            installation.resend(new_instance(uid))

    sending = threading.Thread(target=send)
    sending.start()
    plan = keeper.plan()
    start.wait()
    keeper.carry_out(plan)
    sending.join()
    for study_id in installation.studies():
        rows = installation.instances(study_id)
        there = [installation.spool.path_of(row.path).exists() for row in rows]
        assert there == [row.removed_at is None for row in rows]
        # All that were there went, or all stayed; the late one stayed in any case.
        assert there in ([False, False, True], [True, True, True])


# -- a crash, and what comes again


def test_files_that_a_crash_left_between_the_commit_and_their_removal_are_cleared_away(installation, monkeypatch):
    gone, kept = installation.delivered(), installation.delivered(at=LATER)

    def die(_spool, _path):
        raise KeyboardInterrupt

    monkeypatch.setattr(FullSpool, "remove", die)
    with pytest.raises(KeyboardInterrupt):
        run(installation.keeper(**AGES))
    monkeypatch.undo()
    assert len(installation.spool.files()) == 4
    assert all(row.removed_at for row in installation.instances(gone))
    tomorrow = datetime.now(UTC) + DAY
    assert clear_orphans(installation.database, installation.spool, lambda: tomorrow) == 2
    assert installation.kept() == [kept]
    assert len(installation.audited()) == 1


def test_files_that_a_forgotten_study_left_are_cleared_away(installation, monkeypatch):
    installation.delivered()
    monkeypatch.setattr(FullSpool, "remove", lambda _spool, _path: None)
    run(installation.keeper(**AGES))
    run(installation.keeper(**AGES, reports_days=30))
    monkeypatch.undo()
    assert installation.studies() == []
    assert len(installation.spool.files()) == 2
    tomorrow = datetime.now(UTC) + DAY
    assert clear_orphans(installation.database, installation.spool, lambda: tomorrow) == 2


def test_a_file_that_cannot_be_removed_stops_nothing(installation, monkeypatch):
    installation.delivered()
    real, failed = FullSpool.remove, []

    def fail_once(spool, path):
        if not failed:
            failed.append(path)
            raise PermissionError(13, "Permission denied")
        real(spool, path)

    monkeypatch.setattr(FullSpool, "remove", fail_once)
    assert run(installation.keeper(**AGES)).instances == 2
    assert [str(path.relative_to(installation.spool.directory)) for path in installation.spool.files()] == failed


def test_a_removed_instance_that_comes_again_is_kept_again_and_its_age_begins_anew(installation):
    at = NOW + 60 * DAY
    instance = new_instance("2.25.1.4")
    study_id = installation.complete(installation.resend(instance).study_id)
    installation.job(study_id, "completed")
    run(installation.keeper(at, **AGES))
    assert installation.spool.files() == []
    again = installation.resend(replace(instance, received_at=at))
    assert again.outcome is Outcome.RETURNED
    assert installation.kept() == [study_id]
    with installation.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 1
    assert run(installation.keeper(at + 29 * DAY, **AGES)).studies == 0
    assert run(installation.keeper(at + 30 * DAY, **AGES)).studies == 1


def test_an_instance_that_comes_again_between_the_commit_and_the_removal_is_kept(installation, monkeypatch):
    instance = new_instance("2.25.1.5")
    study_id = installation.complete(installation.resend(instance).study_id)
    installation.job(study_id, "completed")
    real = FullSpool.remove

    def resend_first(spool, path):
        monkeypatch.undo()
        assert installation.resend(replace(instance, received_at=LATER)).outcome is Outcome.RETURNED
        real(spool, path)

    monkeypatch.setattr(FullSpool, "remove", resend_first)
    assert run(installation.keeper(**AGES)).studies == 1
    assert installation.kept() == [study_id]
    assert len(installation.spool.files()) == 1


def test_a_forgotten_study_that_comes_again_is_new(installation):
    instance = new_instance("2.25.1.6")
    study_id = installation.complete(installation.resend(instance).study_id)
    installation.job(study_id, "completed")
    run(installation.keeper(**AGES))
    run(installation.keeper(**AGES, reports_days=30))
    assert installation.resend(instance).outcome is Outcome.NEW


# -- the trail


def test_every_deletion_is_audited_as_a_deleted_study(installation):
    installation.delivered("2.25.1.7")
    run(installation.keeper(LATER, **AGES))
    [record] = installation.audited()
    assert (record.event_id, record.action, record.actor) == (EventId.STUDY_DELETED, Action.DELETE, "scheduler")
    assert EventId.STUDY_DELETED == "110105"
    assert record.happened_at == LATER
    assert record.studies == ("2.25.1.7",)
    assert record.description == "instances removed because of age: delivered, 2 instances, 2000 bytes"


def test_what_could_not_be_audited_is_not_removed(installation, monkeypatch):
    study_id = installation.delivered()

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(audit, "_write", fail)
    with pytest.raises(ZeroDivisionError):
        run(installation.keeper(**AGES))
    assert installation.kept() == [study_id]


def test_quarantine_goes_by_its_own_age_and_is_audited(installation):
    record = installation.resend(new_instance("2.25.1.8"))
    other = installation.spool.quarantine(record.path)
    now = datetime.now(UTC)
    assert run(installation.keeper(now + 29 * DAY)).quarantined == 0
    assert run(installation.keeper(now + 400 * DAY, quarantine_days=0)).quarantined == 0
    assert installation.spool.path_of(other).exists()
    assert run(installation.keeper(now + 31 * DAY)).quarantined == 1
    assert installation.spool.files("quarantine") == []
    [event] = installation.audited()
    assert (event.event_id, event.studies) == (EventId.STUDY_DELETED, ())
    assert event.description.startswith("quarantine removed because of age: 1 files, ")
    assert event.objects[0].object_id == (installation.spool.directory / "quarantine").as_uri()


def test_more_studies_than_a_page_are_all_found(installation, monkeypatch):
    monkeypatch.setattr("osteo_pacs.db.retention.PAGE", 3)
    for number in (3, 0, 0, 2, 0, 0, 1):
        installation.delivered(at=NOW + timedelta(hours=number))
    plan = installation.keeper(**AGES).plan()
    assert len(plan.going) == 7
    ages = [going.active_at for going in plan.going]
    assert ages == sorted(ages)
    assert len({going.study_id for going in plan.going}) == 7
