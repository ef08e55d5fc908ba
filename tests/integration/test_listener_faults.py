"""Our own failures: the database away, the disk full, a mistake of ours; and the end of the service."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from osteo_pacs.receive import store
from peers import until
from receiving import RawPeer, an_instance, p_data, running_listener
from receiving.raw_peer import ABORT, DATA, c_store_rq

OUT_OF_RESOURCES, PROCESSING_FAILURE = 0xA700, 0x0110
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


def test_without_a_database_instances_are_refused_and_echoes_answered(tmp_path):
    with running_listener(tmp_path, database_url=NOWHERE) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        refused = peer.c_store(an_instance())
        assert refused.status == OUT_OF_RESOURCES
        assert refused.comment == "The database does not answer."
        assert peer.c_echo().status == 0
        # It failed for certain, so that nothing has to be cleared away later.
        assert not listener.files()
        assert listener.events("instance_not_kept")


def test_a_database_that_comes_back_is_used_at_once(tmp_path):
    with running_listener(tmp_path) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        listener.database.close()
        path, hidden = Path(listener.database.url.database), tmp_path / "hidden.db"
        path.rename(hidden)
        path.mkdir()
        assert peer.c_store(an_instance()).status == OUT_OF_RESOURCES
        path.rmdir()
        hidden.rename(path)
        assert peer.c_store(an_instance()).status == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "write"])
def test_a_disk_that_fails_keeps_nothing_and_says_so(tmp_path, monkeypatch, call, number):
    with running_listener(tmp_path) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        assert peer.c_store(an_instance()).status == 0

        def fail(*_: object) -> int:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(f"osteo_pacs.spool.os.{call}", fail)
        refused = peer.c_store(an_instance(pixels=bytes(100_000)))
        monkeypatch.undo()
        assert refused.status == OUT_OF_RESOURCES
        assert refused.comment == "The spool cannot keep an instance."
        assert len(listener.files()) == len(listener.instances()) == 1
        assert peer.c_store(an_instance()).status == 0


def test_a_mistake_of_ours_has_our_status_and_the_association_goes_on(tmp_path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("TEST-1")

    with running_listener(tmp_path) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        monkeypatch.setattr(store, "read_header", fail)
        refused = peer.c_store(an_instance())
        monkeypatch.undo()
        assert (refused.status, refused.comment) == (PROCESSING_FAILURE, "Failed to keep the instance")
        assert not listener.files()
        [event] = listener.events("instance_failed")
        assert event["error_type"] == "ZeroDivisionError"
        assert "TEST-1" not in listener.log.getvalue()
        assert peer.c_store(an_instance()).status == 0


def test_one_bad_row_does_not_fail_the_instances_beside_it(tmp_path, monkeypatch):
    real = store.Ledger._commit_together

    def fail_together(ledger, batch):
        if any(entry.instance.calling_ae_title == "BAD" for entry in batch):
            raise ValueError("a row that no database takes")
        return real(ledger, batch)

    monkeypatch.setattr(store.Ledger, "_commit_together", fail_together)
    statuses: dict[str, list[int]] = {"BAD": [], "GOOD": []}

    def send(calling: str) -> None:
        with RawPeer(listener.port) as peer:
            peer.associate(calling=calling)
            statuses[calling] += [peer.c_store(an_instance()).status for _ in range(10)]

    with running_listener(tmp_path) as listener:
        threads = [threading.Thread(target=send, args=(calling,)) for calling in ("BAD", "GOOD", "GOOD", "GOOD")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == {"BAD": [PROCESSING_FAILURE] * 10, "GOOD": [0] * 30}
        assert len(listener.instances()) == len(listener.files()) == 30


def test_at_the_stop_idle_associations_are_aborted_and_busy_ones_finish(tmp_path):
    with (
        running_listener(tmp_path, shutdown_s=10) as listener,
        RawPeer(listener.port) as idle,
        RawPeer(listener.port) as busy,
    ):
        idle.associate()
        busy.associate()
        instance = an_instance(pixels=bytes(200_000))
        message = c_store_rq(instance)
        busy.send(message[:100_000])
        until(lambda: len(listener.files()) == 1)
        listener.stop.set()
        assert idle.read()[0] == ABORT
        assert idle.is_closed()
        busy.send(message[100_000:])
        assert busy.answer().status == 0
        assert busy.read()[0] == ABORT
        listener.thread.join(10)
        assert not listener.thread.is_alive()
        assert [row.sha256 for row in listener.instances()] == [instance.sha256]


def test_at_the_stop_stuck_peers_are_left_by_the_deadline(tmp_path):
    with running_listener(tmp_path, shutdown_s=0.5, pdu_timeout_s=60) as listener:
        stuck = [RawPeer(listener.port) for _ in range(5)]
        for peer in stuck:
            peer.associate()
            peer.send(c_store_rq(an_instance(pixels=bytes(100_000)))[:-10])
        silent = RawPeer(listener.port)
        until(lambda: len(listener.files()) == 5)
        started = time.monotonic()
        listener.stop.set()
        listener.thread.join(10)
        assert not listener.thread.is_alive()
        assert time.monotonic() - started < 5
        assert until(lambda: listener.events("stopped"))[0]["count"] == 5
        for peer in (*stuck, silent):
            peer.connection.close()


def test_nothing_of_an_instance_that_was_cut_off_by_the_stop_stays(tmp_path):
    with running_listener(tmp_path, shutdown_s=0.2) as listener, RawPeer(listener.port) as peer:
        peer.associate()
        peer.send(c_store_rq(an_instance(pixels=bytes(100_000)))[:-10] + p_data(1, DATA, b"")[:3])
        until(listener.files)
        listener.stop.set()
        listener.thread.join(10)
        until(lambda: not listener.files())


def test_a_connection_that_cannot_have_a_thread_harms_no_other(tmp_path, monkeypatch):
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with running_listener(tmp_path) as listener, RawPeer(listener.port) as first:
        first.associate()
        with monkeypatch.context() as patch:
            patch.setattr("osteo_pacs.receive.server.Thread.start", fail)
            with RawPeer(listener.port) as second:
                assert second.is_closed()
        assert listener.events("connection_not_served")
        assert first.c_store(an_instance()).status == 0
        with RawPeer(listener.port) as third:
            third.associate()


def test_a_connection_that_cannot_be_accepted_makes_room(tmp_path, monkeypatch):
    with running_listener(tmp_path) as listener:
        silent = RawPeer(listener.port)
        real, failures = socket.socket.accept, []

        def fail_once(server: socket.socket):
            if not failures:
                failures.append(None)
                raise OSError(errno.EMFILE, "Too many open files")
            return real(server)

        monkeypatch.setattr("socket.socket.accept", fail_once)
        assert silent.is_closed()
        assert listener.events("connection_not_accepted")
        with RawPeer(listener.port) as peer:
            peer.associate()
        silent.connection.close()
