"""Waiting for work ends with a commit where the database tells of one, and after a while everywhere."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest
from rows import add_study

from databases import opened, url_at_head
from osteo_pacs.db.session import Database
from osteo_pacs.db.watch import POLLS_PER_LOOK, Watch

LONG_S = 30.0


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def sqlite_database(tmp_path):
    with opened(url_at_head("sqlite", tmp_path)) as database:
        yield database


def seconds(wait) -> float:
    began_s = time.monotonic()
    wait()
    return time.monotonic() - began_s


def test_without_a_commit_it_is_time_to_look_after_a_while(database, stop):
    with closing(Watch(database, poll_s=0.02)) as watch:
        watch.wait(stop)
        assert seconds(lambda: watch.wait(stop)) >= (0.02 * POLLS_PER_LOOK if database.is_sqlite else 0.02)


def test_a_stop_ends_the_wait(database, stop):
    with closing(Watch(database, poll_s=LONG_S)) as watch:
        threading.Timer(0.1, stop.set).start()
        watch.wait(stop)
        assert seconds(lambda: watch.wait(stop)) < LONG_S


def test_a_commit_of_another_process_ends_the_wait_on_sqlite(sqlite_database, stop):
    other = Database(str(sqlite_database.url))
    with closing(other), closing(Watch(sqlite_database, poll_s=LONG_S)) as watch:
        watch.wait(stop)
        threading.Timer(0.1, lambda: add_study(other)).start()
        assert seconds(lambda: watch.wait(stop)) < LONG_S


def test_a_commit_before_the_wait_is_not_missed_on_sqlite(sqlite_database, stop):
    with closing(Watch(sqlite_database, poll_s=LONG_S)) as watch:
        watch.wait(stop)
        add_study(sqlite_database)
        assert seconds(lambda: watch.wait(stop)) < LONG_S


def test_a_database_that_does_not_answer_is_looked_into_at_once(tmp_path, stop):
    (tmp_path / "no.db").write_bytes(b"no database" * 100)
    with closing(Database(f"sqlite:///{tmp_path}/no.db")) as database, closing(Watch(database, LONG_S)) as watch:
        assert seconds(lambda: watch.wait(stop)) < LONG_S
        assert seconds(lambda: watch.wait(stop)) < LONG_S
