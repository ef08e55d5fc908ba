"""The audit trail: added to and nothing else, one chain for all who write; on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from rows import add_study
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from audit_samples import NOW, SAMPLES
from osteo_pacs.audit.chain import BEGINNING, Head
from osteo_pacs.db import audit
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Study
from osteo_pacs.dicom.audit import EventId, EventOutcome

START = SAMPLES["a process starts"]
DROP_TRIGGERS = {
    "sqlite": (
        "DROP TRIGGER audit_event_no_update",
        "DROP TRIGGER audit_event_no_delete",
        "DROP TRIGGER audit_event_no_replace",
    ),
    "postgresql": (
        "DROP TRIGGER audit_event_no_change ON audit_event",
        "DROP TRIGGER audit_event_no_truncate ON audit_event",
    ),
}


def add(database, *records):
    with database.write() as session:
        audit.append(session, *records)


def kept(database, **wanted):
    with database.read() as session:
        return audit.list_records(session, **wanted)


def verdict(database, expected=None):
    with database.read() as session:
        return audit.verify(session, expected)


def tamper(database, *statements):
    """What someone with the right to change tables can do."""
    with database.write() as session:
        for statement in (*DROP_TRIGGERS["sqlite" if database.is_sqlite else "postgresql"], *statements):
            session.execute(text(statement))


def filled(database, count=5):
    for number in range(count):
        add(database, replace(START, description=f"event {number + 1}"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_is_kept_as_it_was_made(database, name):
    add(database, SAMPLES[name])
    [found] = kept(database)
    assert (found.position, found.record) == (1, SAMPLES[name])
    assert verdict(database) == audit.Verdict(Head(1, found.hash), None)


def test_an_empty_trail_is_whole(database):
    assert verdict(database) == audit.Verdict(Head(0, BEGINNING), None)


def test_records_of_one_transaction_stand_in_their_order(database):
    add(database, *SAMPLES.values())
    assert [each.record for each in reversed(kept(database))] == list(SAMPLES.values())
    assert verdict(database).head == Head(len(SAMPLES), kept(database)[0].hash)


def test_what_is_rolled_back_leaves_no_record(database):
    with database.write() as session:
        audit.append(session, START)
        session.rollback()
    add(database, SAMPLES["a process stops"])
    assert [each.record for each in kept(database)] == [SAMPLES["a process stops"]]


def test_a_record_that_cannot_be_written_takes_back_what_was_done(database):
    def do(session):
        session.add(Study(study_instance_uid="1.2", received_at=NOW, opened_at=NOW, last_received_at=NOW))
        audit.append(session, replace(START, participants=()))

    with pytest.raises(ValueError, match="unpack"), database.write() as session:
        do(session)
    with database.read() as session:
        assert session.query(Study).count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'someone else'",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE id = 1",
    ],
)
def test_the_database_refuses_to_change_a_row(database, statement):
    filled(database, 2)
    with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
        session.execute(text(statement))
    assert verdict(database).head.count == 2


def test_the_database_refuses_ways_around_it(database):
    statement = "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event"
    if not database.is_sqlite:
        statement = "TRUNCATE audit_event"
    filled(database, 2)
    with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
        session.execute(text(statement))
    assert verdict(database).head.count == 2


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE audit_event SET actor = 'someone else' WHERE position = 3", 3),
        ("UPDATE audit_event SET facts = '{}' WHERE position = 1", 1),
        ("UPDATE audit_event SET outcome = 4 WHERE position = 5", 5),
        ("UPDATE audit_event SET hash = 'x' WHERE position = 2", 2),
        ("DELETE FROM audit_event WHERE position = 4", 4),
        ("DELETE FROM audit_event WHERE position = 1", 1),
        ("DELETE FROM audit_event WHERE position = 5", 5),
        ("UPDATE audit_event SET position = 6 WHERE position = 5", 5),
        ("UPDATE audit_event SET position = NULL, hash = NULL WHERE position = 5", 5),
    ],
)  # fmt: skip
def test_whoever_drops_the_triggers_is_found_by_the_chain(database, statement, position):
    filled(database)
    tamper(database, statement)
    assert verdict(database).broken.position == position


def test_a_row_outside_the_chain_is_found(database):
    filled(database, 2)
    with database.write() as session:
        session.execute(text(
            "INSERT INTO audit_event (happened_at, event_id, action, outcome, actor, facts) "
            "SELECT happened_at, event_id, action, outcome, actor, facts FROM audit_event WHERE position = 1"
        ))  # fmt: skip
    assert "outside the chain" in verdict(database).broken.reason


def test_an_end_that_was_cut_off_with_its_head_shows_against_a_head_kept_elsewhere(database):
    filled(database)
    remembered = verdict(database).head.hash
    last_but_one = kept(database)[1].hash
    tamper(
        database,
        "DELETE FROM audit_event WHERE position = 5",
        f"UPDATE audit_head SET count = 4, hash = '{last_but_one}'",  # noqa: S608 - a digest of ours
    )
    assert verdict(database).broken is None
    broken = verdict(database, remembered).broken
    assert (broken.position, "does not hold the hash" in broken.reason) == (5, True)


def test_a_head_kept_elsewhere_stays_in_a_chain_that_grows(database):
    filled(database, 3)
    remembered = verdict(database).head.hash
    filled(database, 3)
    assert verdict(database, remembered).broken is None
    assert verdict(database, BEGINNING).broken is None
    assert verdict(database, "f" * 64).broken is not None


def test_a_lost_head_is_found_again(database):
    filled(database, 3)
    with database.write() as session:
        session.execute(text("DELETE FROM audit_head"))
    filled(database, 1)
    assert (verdict(database).head.count, verdict(database).broken) == (4, None)


def test_many_writers_make_one_chain(database):
    url = database.url.render_as_string(hide_password=False)
    errors = []

    def write(writer):
        own = Database(url)
        try:
            for number in range(15):
                # Each holds other locks first, in an order of its own, as the courier does.
                with own.write() as session:
                    study = session.get_one(Study, studies[(writer + number) % len(studies)], with_for_update=True)
                    audit.append(session, replace(START, description=f"{writer}.{number}"))
                    study.accession_number = f"{writer}.{number}"
        except Exception as error:  # noqa: BLE001 - the test tells it
            errors.append(error)
        finally:
            own.close()

    studies = [add_study(database) for _ in range(3)]
    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    assert errors == []
    assert (verdict(database).head.count, verdict(database).broken) == (60, None)
    assert len({each.record.description for each in kept(database)}) == 60


def test_the_list_is_filtered_and_begins_with_the_newest(database):
    add(database, *SAMPLES.values())
    add(database, replace(START, happened_at=NOW + timedelta(hours=1)))
    assert [each.position for each in kept(database, limit=2)] == [len(SAMPLES) + 1, len(SAMPLES)]
    assert [each.position for each in kept(database, since=NOW + timedelta(minutes=1))] == [len(SAMPLES) + 1]
    alerts = kept(database, event_ids=[EventId.SECURITY_ALERT])
    assert {each.record.event_id for each in alerts} == {EventId.SECURITY_ALERT}
    grave = kept(database, outcomes=[EventOutcome.SERIOUS_FAILURE, EventOutcome.MAJOR_FAILURE])
    assert {each.record.outcome for each in grave} == {EventOutcome.SERIOUS_FAILURE, EventOutcome.MAJOR_FAILURE}


def test_the_same_alert_is_known_for_a_while(database):
    alert = SAMPLES["a bundle was changed"]
    add(database, alert)
    with database.read() as session:
        assert audit.happened_since(session, alert, NOW)
        assert not audit.happened_since(session, alert, NOW + timedelta(seconds=1))
        assert not audit.happened_since(session, SAMPLES["a model is in service"], NOW)


def test_the_trail_is_followed_in_parts(database, monkeypatch):
    monkeypatch.setattr(audit, "READ_AT_ONCE", 2)
    filled(database, 5)
    assert verdict(database).head.count == 5
    with database.read() as session:
        assert [each.position for each in audit.records_after(session, 1, 3)] == [2, 3, 4]
