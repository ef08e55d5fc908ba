"""What a listener tells the audit trail: what came, and who was turned away; on both databases."""

from __future__ import annotations

import pytest

from databases import KINDS, drop_postgresql, url_at_head
from osteo_pacs.db import audit
from osteo_pacs.dicom.audit import EventId, EventType
from peers import until
from receiving import RawPeer, an_instance, associate_rq, running_listener
from receiving.instances import CR, new_uid, uid_value
from receiving.raw_peer import ASSOCIATE_RJ


@pytest.fixture(params=KINDS)
def listener(request, tmp_path):
    url = url_at_head(request.param, tmp_path)
    with running_listener(tmp_path, database_url=url, calling_ae_titles=["SCANNER"]) as running:
        yield running
    if request.param == "postgresql":
        drop_postgresql(url)


def records(listener, count):
    def found():
        with listener.database.read() as session:
            kept = [each.record for each in reversed(audit.list_records(session))]
        return kept if len(kept) >= count else None

    return until(found, timeout_s=30, every_s=0.05)


def send(listener, *instances):
    with RawPeer(listener.port) as peer:
        peer.associate()
        statuses = [peer.c_store(instance).status for instance in instances]
        peer.release()
    return statuses


def refuse(listener):
    with RawPeer(listener.port) as peer:
        peer.send(associate_rq(calling="STRANGER"))
        assert peer.read()[0] == ASSOCIATE_RJ


def test_an_association_is_told_once_for_each_study(listener):
    first, second = new_uid(), new_uid()
    send(listener, *(an_instance(study=study) for study in (first, second, first, first)))
    told = {record.studies: record for record in records(listener, 2)}
    assert told[first,].objects[0].counts == {CR: 3}
    assert told[second,].objects[0].counts == {CR: 1}
    source = told[first,].participants[0]
    assert (source.ae_title, source.address, source.is_requestor) == ("SCANNER", "127.0.0.1", True)


def test_an_association_that_is_aborted_is_told_too(listener):
    study = new_uid()
    with RawPeer(listener.port) as peer:
        peer.associate()
        peer.c_store(an_instance(study=study))
    assert records(listener, 1)[0].studies == (study,)


def test_a_uid_in_a_second_study_is_an_alert_with_that_study(listener):
    first, study = an_instance(), new_uid()
    other = first.changed(STUDY_INSTANCE_UID=uid_value(study))
    assert send(listener, first, other) == [0, 0x0111]
    [alert] = [record for record in records(listener, 2) if record.event_id is EventId.SECURITY_ALERT]
    assert alert.event_type is EventType.USE_OF_RESTRICTED_FUNCTION
    assert alert.studies == (study,)
    assert alert.actor == "SCANNER"


def test_refused_peers_are_told_with_the_reason_and_never_flood(listener):
    refuse(listener)
    [alert] = records(listener, 1)
    assert (alert.event_type, alert.actor) == (EventType.NODE_AUTHENTICATION, "STRANGER")
    assert "calling_ae_title" in alert.description
    for _ in range(30):
        refuse(listener)
    listener.stop.set()
    listener.thread.join(20)
    _, rest = records(listener, 2)
    assert rest.description == "association refused: calling_ae_title, 30 times"


def test_a_foreign_address_is_told(tmp_path):
    with running_listener(tmp_path, addresses=["10.0.0.0/8"]) as listener:
        with RawPeer(listener.port) as peer:
            assert peer.is_closed()
        [alert] = records(listener, 1)
        assert (alert.actor, alert.objects[0].object_id) == ("127.0.0.1", "127.0.0.1")


def test_no_record_names_a_patient(listener):
    send(listener, an_instance())
    assert all("TEST-1" not in repr(record) for record in records(listener, 1))
