"""The audit trail on its way to a repository, by syslog over TLS; on both databases."""

from __future__ import annotations

import socket
from dataclasses import replace
from itertools import pairwise

import pytest
import trustme

from audit_samples import SAMPLES
from audit_schema import parsed
from databases import database as any_database
from osteo_pacs.config.audit import Audit
from osteo_pacs.db import audit
from osteo_pacs.db.audit_forward import sent_position
from osteo_pacs.housekeeping import audit_forward
from osteo_pacs.housekeeping.audit_forward import LONGEST_REST_S, AuditForwarder
from osteo_pacs.housekeeping.audit_repository import RepositoryUnreachable, send_frames
from peers.audit_repository import AuditRepository, just_close, reset
from peers.programs import free_port

database = any_database


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def repository(tmp_path):
    with AuditRepository(tmp_path) as running:
        yield running


def config(repository, **keys):
    return Audit(host="127.0.0.1", port=repository.port, ca=repository.ca, timeout_s=5, **keys)


def add(to, *records):
    with to.write() as session:
        audit.append(session, *records)


def position(where, config):
    with where.read() as session:
        return sent_position(session, config.repository)


def descriptions(repository):
    found = [parsed(message.partition(b"\xef\xbb\xbf")[2]) for message in repository.messages]
    return [message.findtext("EventIdentification/EventOutcomeDescription") for message in found]


def numbered(count, start=1):
    return [replace(SAMPLES["a process starts"], description=str(start + n)) for n in range(count)]


def test_every_event_goes_out_once_and_in_its_order(database, repository, monkeypatch):
    monkeypatch.setattr(audit_forward, "SENT_AT_ONCE", 4)
    forward = AuditForwarder(database, config(repository))
    add(database, *numbered(10))
    forward()
    forward()
    add(database, *numbered(3, start=11))
    forward()
    assert descriptions(repository) == [str(number) for number in range(1, 14)]
    assert position(database, config(repository)) == 13


def test_every_kind_of_event_is_taken(database, repository):
    add(database, *SAMPLES.values())
    AuditForwarder(database, config(repository))()
    assert len(repository.messages) == len(SAMPLES)
    for message in repository.messages:
        parsed(message.partition(b"\xef\xbb\xbf")[2])


def test_without_news_nobody_is_called(database, repository):
    AuditForwarder(database, config(repository))()
    assert repository.connections == 0


def test_a_repository_that_was_away_gets_what_it_missed(database, tmp_path):
    port, clock = free_port(), Clock()
    away = Audit(host="127.0.0.1", port=port, timeout_s=5)
    forward = AuditForwarder(database, away, monotonic=clock)
    add(database, *numbered(3))
    forward()
    assert position(database, away) == 0
    with AuditRepository(tmp_path) as repository:
        back = AuditForwarder(database, config(repository))
        back()
        assert descriptions(repository) == ["1", "2", "3"]


def test_it_rests_longer_after_each_failure_and_not_for_ever(database, monkeypatch):
    clock, tries = Clock(), []

    def refuse(*_):
        tries.append(clock.now_s)
        raise RepositoryUnreachable

    monkeypatch.setattr(audit_forward, "send_frames", refuse)
    add(database, *numbered(1))
    forward = AuditForwarder(database, Audit(host="x", every_s=5), monotonic=clock)
    for second in range(2000):
        clock.now_s = float(second)
        forward()
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits[:4] == [10, 20, 40, 80]
    assert set(waits[6:]) == {LONGEST_REST_S}


def test_a_repository_that_closes_without_a_word_has_them(database, repository):
    repository.end = just_close
    add(database, *numbered(2))
    AuditForwarder(database, config(repository))()
    assert position(database, config(repository)) == 2


def test_what_a_repository_died_on_is_sent_again(database, repository):
    repository.end = reset
    add(database, *numbered(500))
    clock = Clock()
    forward = AuditForwarder(database, config(repository), monotonic=clock)
    forward()
    assert position(database, config(repository)) == 0
    repository.end = just_close
    clock.now_s = 60
    forward()
    assert descriptions(repository) == [str(number) for number in range(1, 501)]


def test_another_repository_gets_the_whole_trail(database, repository, tmp_path):
    add(database, *numbered(2))
    AuditForwarder(database, config(repository))()
    (tmp_path / "other").mkdir()
    with AuditRepository(tmp_path / "other") as other:
        AuditForwarder(database, config(other))()
        assert descriptions(other) == ["1", "2"]


def refusal(audit_config):
    with pytest.raises(RepositoryUnreachable) as error:
        send_frames([b"1 x"], audit_config)
    return str(error.value)


def test_a_repository_with_a_foreign_certificate_gets_nothing(repository):
    audit_config = Audit(host="127.0.0.1", port=repository.port, timeout_s=5)
    assert "certificate" in refusal(audit_config)
    assert repository.messages == []


def test_a_repository_with_another_name_gets_nothing(tmp_path):
    with AuditRepository(tmp_path, name="other.example") as repository:
        assert "127.0.0.1" in refusal(config(repository))
        assert repository.messages == []


def test_our_certificate_is_shown_where_it_is_asked_for(tmp_path):
    clients = trustme.CA()
    ours = clients.issue_cert("osteo.example")
    ours.cert_chain_pems[0].write_to_path(tmp_path / "ours.pem")
    ours.private_key_pem.write_to_path(tmp_path / "ours-key.pem")
    with AuditRepository(tmp_path, client_ca=clients) as repository:
        for _ in range(5):
            with pytest.raises(RepositoryUnreachable):
                send_frames([b"1 x"], config(repository))
        shown = {"certificate": tmp_path / "ours.pem", "key": tmp_path / "ours-key.pem"}
        send_frames([b"1 x"], config(repository, **shown))
        assert repository.messages == [b"x"]


def test_a_file_that_is_not_there_is_named(repository, tmp_path):
    missing = config(repository).model_copy(update={"ca": tmp_path / "missing.pem"})
    assert "[audit]" in refusal(missing)


def test_a_silent_repository_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        audit_config = Audit(host="127.0.0.1", port=silent.getsockname()[1], timeout_s=0.2)
        assert "no answer in time" in refusal(audit_config)
