"""Each bad object and the status that answers it; after each the same association brings an honest one."""

from __future__ import annotations

import pytest

from hostile.objects import CANNOT_UNDERSTAND, OBJECTS, SUCCESS, UNSUPPORTED
from receiving import RawPeer, an_instance, running_listener
from receiving.instances import CR, uid_value
from receiving.raw_peer import COMMAND, DATA, LAST, command, p_data


@pytest.fixture(scope="module")
def listener(tmp_path_factory):
    with running_listener(tmp_path_factory.mktemp("listener")) as running:
        yield running


@pytest.mark.parametrize("case", OBJECTS)
def test_each_object_gets_its_status_and_the_next_one_is_taken(listener, case):
    instance, status = OBJECTS[case]
    files = len(listener.files())
    with RawPeer(listener.port) as peer:
        peer.associate()
        answered = peer.c_store(instance)
        honest = an_instance()
        assert peer.c_store(honest).status == SUCCESS
        peer.release()
    assert answered.status == status, answered
    assert len(answered.comment) <= 64
    kept = {row.sop_instance_uid: row for row in listener.instances()}
    assert honest.uid in kept
    assert len(listener.files()) == files + 1 + (status == SUCCESS)
    assert len(listener.files()) == len(kept)
    assert not listener.files("quarantine")
    assert not list(listener.spool.directory.parent.rglob("*passwd*"))


def test_a_store_without_a_data_set_is_refused(listener):
    uids = {0x0002: uid_value(CR), 0x1000: uid_value("1.2.3")}
    with RawPeer(listener.port) as peer:
        peer.associate()
        peer.send(p_data(1, COMMAND | LAST, command(0x0001, uids=uids)))
        assert peer.answer().status == CANNOT_UNDERSTAND


def test_a_store_on_the_verification_context_is_refused(listener):
    with RawPeer(listener.port) as peer:
        peer.associate()
        assert peer.c_store(an_instance(), context_id=3).status == UNSUPPORTED


def test_another_operation_is_unrecognized_and_its_data_set_is_dropped(listener):
    with RawPeer(listener.port) as peer:
        peer.associate()
        peer.send(p_data(1, COMMAND | LAST, command(0x0020, has_data_set=True)))
        peer.send(p_data(1, DATA | LAST, b"whatever"))
        assert peer.answer().status == 0x0211
        assert peer.c_echo().status == SUCCESS


def test_the_log_names_no_value_that_a_peer_sent(listener):
    written = listener.log.getvalue()
    assert listener.events("instance_refused")
    for secret in ("passwd", "DROP", "TEST-1", "2.25.", "1.2."):
        assert secret not in written
