"""One SOP Instance UID, one instance: what a resend is answered, and what it leaves behind."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from databases import KINDS, drop_postgresql, url_at_head
from osteo_pacs.db.retention import mark_removed
from osteo_pacs.db.tables import OpenAssociation
from peers import until
from receiving import RawPeer, an_instance, running_listener
from receiving.instances import new_uid

DUPLICATE = 0x0111


@pytest.fixture(params=KINDS)
def listener(request, tmp_path):
    url = url_at_head(request.param, tmp_path)
    with running_listener(tmp_path, database_url=url) as running:
        yield running
    if request.param == "postgresql":
        drop_postgresql(url)


@pytest.fixture
def peer(listener):
    with RawPeer(listener.port) as peer:
        peer.associate()
        yield peer


def test_the_same_bytes_again_are_a_success_and_no_new_row(listener, peer):
    instance = an_instance()
    assert [peer.c_store(instance).status for _ in range(3)] == [0, 0, 0]
    [row] = listener.instances()
    assert [listener.spool.path_of(row.path)] == listener.files()
    assert not listener.files("quarantine")


def test_a_resend_brings_back_a_file_that_was_lost(listener, peer):
    instance = an_instance()
    peer.c_store(instance)
    [file] = listener.files()
    file.unlink()
    assert peer.c_store(instance).status == 0
    assert listener.files() == [file]
    assert file.read_bytes().endswith(instance.data_set)


def test_an_instance_that_retention_removed_is_kept_again_when_it_comes_again(listener, peer):
    instance = an_instance()
    peer.c_store(instance)
    with listener.database.write() as session:
        [path] = mark_removed(session, listener.studies()[0].id, datetime.now(UTC))
    listener.spool.remove(path)
    assert [peer.c_store(instance).status for _ in range(2)] == [0, 0]
    [row] = listener.instances()
    assert row.removed_at is None
    assert listener.files() == [listener.spool.path_of(row.path)]
    assert listener.files()[0].read_bytes().endswith(instance.data_set)


def test_other_bytes_under_the_uid_of_a_removed_instance_go_to_quarantine(listener, peer):
    first = an_instance()
    peer.c_store(first)
    with listener.database.write() as session:
        [path] = mark_removed(session, listener.studies()[0].id, datetime.now(UTC))
    listener.spool.remove(path)
    assert peer.c_store(first.changed(PIXEL_DATA=bytes(100))).status == DUPLICATE
    assert listener.files() == []
    assert len(listener.files("quarantine")) == 1


def test_other_bytes_go_to_quarantine_and_the_first_stays(listener, peer):
    first = an_instance()
    other = replace(first, elements=first.changed(PIXEL_DATA=bytes(100)).elements)
    assert peer.c_store(first).status == 0
    refused = peer.c_store(other)
    assert (refused.status, refused.comment) == (DUPLICATE, "Another instance has this SOP Instance UID")
    [row] = listener.instances()
    assert row.sha256 == first.sha256
    assert listener.files() == [listener.spool.path_of(row.path)]
    [aside] = listener.files("quarantine")
    assert aside.read_bytes().endswith(other.data_set)


def test_one_uid_in_two_studies_is_refused_with_an_alarm(listener, peer):
    first = an_instance()
    assert peer.c_store(first).status == 0
    moved = first.changed(STUDY_INSTANCE_UID=new_uid().encode())
    refused = peer.c_store(moved)
    assert (refused.status, refused.comment) == (DUPLICATE, "SOP Instance UID belongs to another study")
    [event] = listener.events("sop_instance_uid_in_two_studies")
    assert event["level"] == "error"
    assert len(listener.studies()) == 1


def test_a_change_of_patient_within_a_study_is_kept_and_alarmed(listener, peer):
    study = new_uid()
    assert peer.c_store(an_instance(study=study)).status == 0
    assert peer.c_store(an_instance(study=study).changed(PATIENT_ID=b"TEST-2")).status == 0
    assert len(listener.events("patient_changed_in_study")) == 1
    assert len(listener.instances()) == 2


def test_the_same_instance_on_many_associations_at_once_is_one_row(listener):
    instance = an_instance(pixels=bytes(50_000))
    start, statuses = threading.Barrier(6), []

    def send() -> None:
        with RawPeer(listener.port) as peer:
            peer.associate()
            start.wait()
            statuses.append(peer.c_store(instance).status)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 6
    assert len(listener.instances()) == len(listener.files()) == 1


def test_instances_of_many_studies_on_many_associations_are_all_kept(listener):
    studies = [new_uid() for _ in range(4)]
    sent: list[str] = []

    def send() -> None:
        with RawPeer(listener.port) as peer:
            peer.associate()
            for _ in range(5):
                for study in studies:
                    instance = an_instance(study=study)
                    assert peer.c_store(instance).status == 0
                    sent.append(instance.sha256)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 80
    assert sorted(sent) == sorted(row.sha256 for row in listener.instances())
    assert sorted(study.study_instance_uid for study in listener.studies()) == sorted(studies)


def test_a_row_says_what_was_received(listener, peer):
    instance = an_instance()
    peer.c_store(instance)
    [row] = listener.instances()
    [study] = listener.studies()
    assert row.sop_instance_uid == instance.uid
    assert row.sha256 == instance.sha256
    assert row.size_bytes == len(instance.data_set)
    assert row.calling_ae_title == "SCANNER"
    assert row.transfer_syntax_uid == "1.2.840.10008.1.2"
    assert listener.spool.path_of(row.path).read_bytes().endswith(instance.data_set)
    assert study.accession_number == "A1"
    assert len(study.patient_digest) == 64
    assert study.received_at == study.opened_at == study.last_received_at == row.received_at


def test_an_association_is_open_in_the_database_from_its_first_instance_to_its_end(listener, peer):
    def open_associations() -> list[OpenAssociation]:
        with listener.database.read() as session:
            return list(session.scalars(select(OpenAssociation)))

    study = new_uid()
    assert not open_associations()
    peer.c_store(an_instance(study=study))
    peer.c_store(an_instance(study=study))
    peer.c_store(an_instance())
    assert len(open_associations()) == 2
    peer.release()
    until(lambda: not open_associations())
