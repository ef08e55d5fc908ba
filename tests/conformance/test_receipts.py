"""The rows of what was received."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

from receipts import NOW, new_instance, receive, sender
from sqlalchemy import func, select

from osteo_pacs.db.receipts import (
    DeadAssociation,
    Outcome,
    close_associations,
    close_dead_associations,
    close_listener,
    find_dead_associations,
    known_paths,
    renew_associations,
)
from osteo_pacs.db.tables import Instance, OpenAssociation, Study


def study(database) -> Study:
    with database.read() as session:
        return session.scalars(select(Study)).one()


def associations(database) -> set[tuple[str, int]]:
    with database.read() as session:
        rows = session.execute(select(OpenAssociation.association_id, OpenAssociation.study_id))
        return {(row.association_id, row.study_id) for row in rows}


def test_the_first_instance_makes_the_study(database):
    instance = new_instance()
    [record] = receive(database, instance)
    found = study(database)
    assert record.outcome is Outcome.NEW
    assert record.study_id == found.id
    assert not record.is_other_patient
    assert found.accession_number == "A1"
    assert found.received_at == found.opened_at == found.last_received_at == NOW
    assert found.completed_at is None


def test_later_instances_move_its_last_activity_alone(database):
    receive(database, new_instance())
    later = NOW + timedelta(seconds=3)
    receive(database, new_instance(at=later), new_instance(at=later))
    found = study(database)
    assert (found.received_at, found.opened_at, found.last_received_at) == (NOW, NOW, later)


def test_a_late_instance_opens_a_complete_study_again(database):
    receive(database, new_instance())
    with database.write() as session:
        row = session.scalars(select(Study)).one()
        row.completed_at, row.complete_reason = NOW, "quiet"
    later = NOW + timedelta(hours=1)
    receive(database, new_instance(at=later))
    found = study(database)
    assert (found.completed_at, found.complete_reason) == (None, None)
    assert (found.received_at, found.opened_at, found.last_received_at) == (NOW, later, later)


def test_a_resend_leaves_a_complete_study_complete(database):
    instance = new_instance()
    receive(database, instance)
    with database.write() as session:
        row = session.scalars(select(Study)).one()
        row.completed_at, row.complete_reason = NOW, "quiet"
    [record] = receive(database, replace(instance, path="other", received_at=NOW + timedelta(hours=1)))
    assert record.outcome is Outcome.SAME_BYTES
    found = study(database)
    assert (found.completed_at, found.last_received_at) == (NOW, NOW)


def test_a_known_uid_is_told_by_its_bytes_and_its_study(database):
    first = new_instance()
    [record] = receive(database, first)
    same, bytes_, moved = receive_each(
        database,
        replace(first, path="b"),
        replace(first, path="c", sha256="1" * 64),
        replace(first, path="d", study_instance_uid="9.9"),
    )
    assert same.outcome is Outcome.SAME_BYTES
    assert bytes_.outcome is Outcome.OTHER_BYTES
    assert moved.outcome is Outcome.OTHER_STUDY
    assert {r.instance_id for r in (same, bytes_, moved)} == {record.instance_id}
    assert study(database).id == record.study_id


def receive_each(database, *instances):
    return [receive(database, instance)[0] for instance in instances]


def test_new_and_known_instances_go_together_in_their_order(database):
    known = new_instance("1.1")
    receive(database, known)
    records = receive(database, new_instance("3.3"), replace(known, path="b"), new_instance("2.2"))
    assert [record.outcome for record in records] == [Outcome.NEW, Outcome.SAME_BYTES, Outcome.NEW]
    assert len({record.study_id for record in records}) == 3


def test_an_accession_number_that_came_later_is_taken(database):
    receive(database, new_instance(accession_number=""))
    receive(database, new_instance(accession_number="A7"))
    receive(database, new_instance(accession_number="A8"))
    assert study(database).accession_number == "A7"


def test_another_patient_within_a_study_is_told(database):
    receive(database, new_instance())
    [record] = receive(database, new_instance(patient_digest="q" * 64))
    assert record.is_other_patient
    assert study(database).patient_digest == "p" * 64


def test_an_open_association_is_told_with_the_first_instance(database):
    [record] = receive(database, new_instance(), by=sender("a"))
    receive(database, new_instance())
    receive(database, new_instance(), new_instance(), by=sender("b"))
    assert associations(database) == {("a", record.study_id), ("b", record.study_id)}


def test_open_associations_are_renewed_and_closed(database):
    [one, two] = receive(database, new_instance("1.1"), new_instance("2.2"), by=sender("a"))
    later = NOW + timedelta(hours=1)
    with database.write() as session:
        close_associations(session, ["a", "none"])
    assert not associations(database)
    with database.write() as session:
        pairs = [(sender("a", until=later), one.study_id), (sender("b", until=later), two.study_id)]
        renew_associations(session, pairs)
        renew_associations(session, pairs)
    assert associations(database) == {("a", one.study_id), ("b", two.study_id)}
    with database.read() as session:
        assert set(session.scalars(select(OpenAssociation.expires_at))) == {later}


def test_a_listener_that_ends_closes_its_own(database):
    [record] = receive(database, new_instance(), by=sender("mine", listener="me"))
    receive(database, new_instance(), by=sender("other", listener="other"))
    with database.write() as session:
        close_listener(session, "me")
    assert associations(database) == {("other", record.study_id)}


def test_what_a_dead_listener_left_is_removed_and_told_once(database):
    [record] = receive(database, new_instance("1.5"), by=sender("dead", listener="dead", until=NOW))
    receive(database, new_instance("1.5"), by=sender("other", listener="other"))
    with database.write() as session:
        assert not find_dead_associations(session, NOW - timedelta(seconds=1))
        assert find_dead_associations(session, NOW)
        assert close_dead_associations(session, NOW) == [DeadAssociation("1.5", "SCANNER")]
        assert close_dead_associations(session, NOW) == []
    assert associations(database) == {("other", record.study_id)}


def test_known_paths_are_those_with_a_row(database):
    instance = new_instance()
    receive(database, instance)
    with database.read() as session:
        assert known_paths(session, [instance.path, "instances/x.dcm"]) == {instance.path: True}


def test_listeners_that_record_the_same_studies_at_once_do_not_wait_for_each_other(database):
    studies = ["1.1", "2.2", "3.3"]
    shared = [new_instance(study) for study in studies]
    outcomes: list[Outcome] = []

    def record(order: int) -> None:
        for _ in range(10):
            batch = [*(new_instance(study) for study in studies), *shared][::order]
            outcomes.extend(r.outcome for r in receive(database, *batch))

    threads = [threading.Thread(target=record, args=(order,)) for order in (1, -1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Outcome.NEW) == 3 * 3 * 10 + 3
    assert outcomes.count(Outcome.SAME_BYTES) == 3 * 3 * 10 - 3
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Instance)) == 93
