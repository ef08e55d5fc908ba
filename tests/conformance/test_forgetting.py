"""A study goes wholly when a person says so, and goes on going after a crash; on both databases."""

from __future__ import annotations

import pytest
from kept import FullSpool, Installation
from receipts import NOW, new_instance
from sqlalchemy import func, select

from osteo_pacs.audit.record import Participant
from osteo_pacs.db.tables import Base
from osteo_pacs.housekeeping.forgetting import Eraser, FilesRemain, StudyBusy, StudyHeld

UID = "2.25.4711"
KEPT = {"audit_event", "audit_head", "model_version"}


@pytest.fixture
def installation(database, tmp_path):
    return Installation(database, FullSpool(tmp_path / "spool"))


@pytest.fixture
def eraser(installation):
    return Eraser(installation.database, installation.spool, lambda: NOW, Participant("ann@host"))


def filled_tables(installation):
    with installation.database.read() as session:
        return {
            name
            for name, table in Base.metadata.tables.items()
            if session.scalar(select(func.count()).select_from(table))
        }


def test_nothing_of_the_study_is_left_but_the_audit_trail(installation, eraser):
    study_id = installation.delivered(UID)
    installation.report(study_id)
    forgotten = eraser.forget(UID, reason="", is_forced=False)
    assert (forgotten.instances, forgotten.size_bytes) == (2, 2000)
    assert installation.spool.files() == []
    assert filled_tables(installation) <= KEPT
    told = [(record.description, record.actor, record.studies) for record in installation.audited()]
    assert told == [
        ("instances removed on request: 2 instances, 2000 bytes", "ann@host", (UID,)),
        ("study removed on request", "ann@host", (UID,)),
    ]


def test_other_studies_stay(installation, eraser):
    other = installation.delivered()
    installation.delivered(UID)
    eraser.forget(UID, reason="", is_forced=False)
    assert installation.kept() == [other]


def test_copies_in_quarantine_go_too_and_those_of_others_stay(installation, eraser):
    study_id = installation.delivered(UID)
    row = installation.instances(study_id)[0]
    installation.resend(new_instance(UID, sop_instance_uid=row.sop_instance_uid), b"other bytes")
    for file in installation.spool.files():
        path = str(file.relative_to(installation.spool.directory))
        if path not in {instance.path for instance in installation.instances(study_id)}:
            installation.spool.quarantine(path)
    foreign = installation.delivered()
    installation.spool.quarantine(installation.instances(foreign)[0].path)
    assert len(installation.spool.files("quarantine")) == 2
    eraser.forget(UID, reason="", is_forced=False)
    assert len(installation.spool.files("quarantine")) == 1


HELD = {
    "receiving": lambda i: i.receive(UID),
    "unprocessed": lambda i: i.job(i.complete(i.receive(UID)), "claimed"),
    "undelivered": lambda i: i.report(i.delivered(UID), deliveries_in=("retryable",)),
    "labelled": lambda i: i.label(i.delivered(UID)),
}


@pytest.mark.parametrize("why", HELD)
def test_a_study_that_is_held_goes_by_force_alone_and_the_trail_says_why(installation, eraser, why):
    HELD[why](installation)
    assert eraser.standing_of(UID) == why
    with pytest.raises(StudyHeld, match=rf"is {why}\..*--force"):
        eraser.forget(UID, reason="", is_forced=False)
    assert len(installation.kept()) == 1
    assert installation.audited() == []
    assert eraser.forget(UID, reason="sent by mistake", is_forced=True)
    assert installation.spool.files() == []
    assert filled_tables(installation) <= KEPT
    assert installation.audited()[-1].description == "study removed on request, forced because: sent by mistake"


def test_a_study_that_is_not_there_is_none(eraser):
    assert eraser.forget(UID, reason="", is_forced=False) is None
    assert eraser.standing_of(UID) is None


def test_while_a_file_may_be_left_rows_name_it_and_the_same_call_goes_on(installation, eraser, monkeypatch):
    installation.delivered(UID)
    remove, calls = installation.spool.remove, []

    def fail_once(path):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        remove(path)

    monkeypatch.setattr(installation.spool, "remove", fail_once)
    with pytest.raises(FilesRemain, match="Input/output error"):
        eraser.forget(UID, reason="", is_forced=False)
    assert len(installation.spool.files()) == 1
    assert len(installation.studies()) == 1
    assert eraser.forget(UID, reason="", is_forced=False)
    assert installation.spool.files() == []
    assert installation.studies() == []


def test_an_instance_that_comes_meanwhile_goes_too(installation, eraser, monkeypatch):
    study_id = installation.delivered(UID)
    row = installation.instances(study_id)[0]
    remove, late = installation.spool.remove, []

    def remove_and_receive(path):
        remove(path)
        if not late:
            late.append(installation.resend(new_instance(UID, sop_instance_uid=row.sop_instance_uid)))

    monkeypatch.setattr(installation.spool, "remove", remove_and_receive)
    assert eraser.forget(UID, reason="", is_forced=False)
    assert installation.spool.files() == []
    assert installation.studies() == []


def test_a_sender_that_never_stops_is_named(installation, eraser, monkeypatch):
    study_id = installation.delivered(UID)
    row = installation.instances(study_id)[0]
    remove = installation.spool.remove

    def remove_and_receive(path):
        remove(path)
        installation.resend(new_instance(UID, sop_instance_uid=row.sop_instance_uid))

    monkeypatch.setattr(installation.spool, "remove", remove_and_receive)
    with pytest.raises(StudyBusy, match="Stop who sends it"):
        eraser.forget(UID, reason="", is_forced=False)
    assert len(installation.studies()) == 1
