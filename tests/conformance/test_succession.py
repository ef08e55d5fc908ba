"""How a worker follows the version in service; on both databases, with versions that load when the test says."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from rows import NOW
from structlog.testing import capture_logs

from osteo_pacs.db import model_serving, model_versions
from osteo_pacs.db.audit import list_records
from osteo_pacs.db.model_versions import NewModelVersion
from osteo_pacs.sealed import BundleTampered
from osteo_pacs.worker.succession import LOOK_EVERY_S, SLOW_AFTER_S, TRY_AGAIN_AFTER_S, Succession
from peers.polling import until

FIRST = NewModelVersion("spine", "1.0", "a" * 64, "b" * 64, "2.25.1")
SECOND = replace(FIRST, version="1.1", bundle_sha256="c" * 64)


class Ready:
    """A version that is loaded, and whether it was closed."""

    runtime = "cpu"

    def __init__(self, known):
        self.known = known
        self.is_closed = False

    def close(self):
        self.is_closed = True


class Worker:
    """A succession on a clock of its own; ``error`` is what loading raises."""

    def __init__(self, database):
        self.database = database
        self.now_s = 0.0
        self.error = None
        self.errors = []
        self.may_load = threading.Event()
        self.may_load.set()
        with database.write() as session:
            self.ids = [model_versions.register(session, bundle, NOW) for bundle in (FIRST, SECOND)]
            model_versions.activate(session, self.ids[0], NOW)
            first = Ready(model_versions.active(session))
        self.succession = Succession(
            first,
            self.load,
            lambda _known: Path("bundle"),
            database=database,
            worker="w",
            clock=lambda: NOW,
            monotonic=lambda: self.now_s,
        )
        self.succession.begin()

    def load(self, known):
        assert self.may_load.wait(20)
        if self.errors:
            raise self.errors.pop()
        if self.error:
            raise self.error
        return Ready(known)

    def activate(self, place):
        with self.database.write() as session:
            model_versions.activate(session, self.ids[place], NOW)

    def pass_by(self, seconds=LOOK_EVERY_S):
        self.now_s += seconds
        self.succession.follow()

    def settle(self):
        """What is loading has loaded, and the loop has come by."""
        self.pass_by()
        until(lambda: not [thread for thread in threading.enumerate() if thread.name == "loading"])
        self.pass_by()

    @property
    def version(self):
        return self.succession.ready.known.version

    def told(self):
        with self.database.read() as session:
            [serving] = model_serving.list_serving(session)
        return SimpleNamespace(serving=serving, with_=self.ids.index(serving.model_version_id))


@pytest.fixture
def worker(database):
    return Worker(database)


def test_the_new_version_is_taken_up_when_it_is_loaded_and_the_old_one_reads_until_then(worker):
    old = worker.succession.ready
    worker.may_load.clear()
    worker.activate(1)
    worker.pass_by()
    worker.pass_by()
    assert (worker.version, old.is_closed, worker.told().with_) == ("1.0", False, 0)
    worker.may_load.set()
    worker.settle()
    assert (worker.version, old.is_closed, worker.told().with_) == ("1.1", True, 1)


def test_between_two_looks_the_database_is_left_alone(worker, monkeypatch):
    monkeypatch.setattr(model_versions, "active_id", None)
    worker.pass_by(LOOK_EVERY_S / 2)


def test_a_version_that_cannot_be_loaded_is_told_and_tried_again_later(worker):
    worker.error = ValueError("it is damaged")
    worker.activate(1)
    with capture_logs() as logs:
        worker.settle()
        worker.settle()
    assert [log["event"] for log in logs] == ["model_loading", "model_not_loaded"]
    told = worker.told()
    assert (worker.version, told.with_, told.serving.failure) == ("1.0", 0, "it is damaged")
    worker.error = None
    worker.now_s += TRY_AGAIN_AFTER_S
    worker.settle()
    assert (worker.version, worker.told().serving.failure) == ("1.1", None)


def test_an_import_beside_the_loading_costs_a_second_try_and_no_more(worker):
    worker.errors = [RuntimeError("dictionary changed size during iteration")]
    worker.activate(1)
    worker.settle()
    assert (worker.version, worker.told().serving.failure) == ("1.1", None)


def test_a_bundle_that_was_tampered_with_is_told_in_the_audit_trail_once(worker, database):
    worker.error = BundleTampered("models/model.safetensors has been changed")
    worker.activate(1)
    for _ in range(2):
        worker.settle()
        worker.now_s += TRY_AGAIN_AFTER_S
    with database.read() as session:
        [record] = list_records(session)
    assert "has been changed" in record.record.description


def test_a_rollback_while_the_new_version_loads_leaves_the_old_one(worker):
    worker.may_load.clear()
    worker.activate(1)
    worker.pass_by()
    worker.activate(0)
    worker.may_load.set()
    worker.settle()
    worker.settle()
    assert worker.version == "1.0"
    assert not worker.succession.ready.is_closed


def test_a_version_that_hangs_while_it_loads_is_told_once(worker):
    worker.may_load.clear()
    worker.activate(1)
    worker.pass_by()
    with capture_logs() as logs:
        for _ in range(3):
            worker.pass_by(SLOW_AFTER_S)
    worker.may_load.set()
    assert [log["event"] for log in logs] == ["model_not_loaded"]
    assert "has been loading" in worker.told().serving.failure


def test_a_worker_that_ends_is_off_the_list(worker, database):
    worker.succession.close()
    with database.read() as session:
        assert model_serving.list_serving(session) == []
