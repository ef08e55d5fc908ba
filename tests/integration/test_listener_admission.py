"""Who may talk: the answers of PS3.8 9.3.4, and the limits."""

from __future__ import annotations

import pytest

from peers import until
from receiving import RawPeer, an_instance, associate_rq, running_listener
from receiving.raw_peer import ASSOCIATE_AC, ASSOCIATE_RJ

LOCAL_LIMIT = (2, 3, 2)


def answer_to(listener, **request) -> tuple[int, int, int] | None:
    """Result, source and reason of the rejection; None where it is accepted."""
    with RawPeer(listener.port) as peer:
        peer.send(associate_rq(**request))
        kind, body = peer.read()
        if kind == ASSOCIATE_AC:
            peer.release()
            return None
        assert kind == ASSOCIATE_RJ
        assert peer.is_closed()
        return body[1], body[2], body[3]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({}, None),
        ({"calling": "STRANGER"}, (1, 1, 3)),
        ({"calling": ""}, (1, 1, 3)),
        ({"called": "OTHER"}, (1, 1, 7)),
        ({"called": "osteo_pacs"}, (1, 1, 7)),
        ({"application_context": "1.2.3"}, (1, 1, 2)),
        ({"version": 2}, (1, 2, 2)),
        ({"version": 3}, None),
    ],
)
def test_a_request_is_judged_by_its_names(tmp_path, request_, answer):
    with running_listener(tmp_path, calling_ae_titles=["SCANNER"]) as listener:
        assert answer_to(listener, **request_) == answer


def test_a_foreign_address_is_closed_without_a_word(tmp_path):
    with running_listener(tmp_path, addresses=["10.0.0.0/8", "192.168.1.7"]) as listener:
        with RawPeer(listener.port) as peer:
            assert peer.is_closed()
        assert until(lambda: listener.events("address_refused"))[0]["peer"] == "127.0.0.1"


def test_an_address_in_a_listed_network_is_served(tmp_path):
    with running_listener(tmp_path, addresses=["127.0.0.0/8"]) as listener:
        assert answer_to(listener) is None


@pytest.mark.parametrize("limit", ["max_associations", "max_associations_per_peer"])
def test_one_more_than_the_limit_is_rejected_and_a_place_is_free_at_once(tmp_path, limit):
    with running_listener(tmp_path, **{limit: 2}) as listener, RawPeer(listener.port) as first:
        first.associate()
        with RawPeer(listener.port) as second:
            second.associate()
            assert answer_to(listener) == LOCAL_LIMIT
            second.release()
            assert answer_to(listener) is None
        assert first.c_echo().status == 0


def test_a_peer_that_vanishes_frees_its_place(tmp_path):
    with running_listener(tmp_path, max_associations=1) as listener:
        with RawPeer(listener.port) as peer:
            peer.associate()
        until(lambda: answer_to(listener) is None)


def test_below_the_watermark_associations_are_rejected_and_instances_refused(tmp_path, monkeypatch):
    with running_listener(tmp_path, min_free_mib=1) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        monkeypatch.setattr(listener.spool, "free_bytes", lambda: 1000)
        refused = peer.c_store(an_instance())
        assert (refused.status, refused.comment) == (0xA700, "Out of disk space")
        assert answer_to(listener) == LOCAL_LIMIT
        assert peer.c_echo().status == 0
        monkeypatch.undo()
        assert peer.c_store(an_instance()).status == 0
        assert answer_to(listener) is None
        assert until(lambda: [e for e in listener.events("association_ended") if e["reason"] == "disk_space"])


def test_an_idle_association_is_aborted(tmp_path):
    with running_listener(tmp_path, idle_timeout_s=0.3) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        assert peer.is_closed()
        [event] = until(lambda: listener.events("association_ended"))
        assert event["outcome"] == "too_slow"
