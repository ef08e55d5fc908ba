"""The lean transaction behaves as the other one does."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import select, text

from databases import opened, url_at_head
from osteo_pacs.db import session as session_module
from osteo_pacs.db.lean import lean_write
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.db.tables import Pause

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ADD = "INSERT INTO pause (subject, paused_at) VALUES (:subject, :paused_at)"
COUNT = "SELECT count(*) FROM pause WHERE subject <> :subject"


INTEGRITY_ERRORS = (sqlite3.IntegrityError, psycopg.IntegrityError)


def pauses(database) -> dict[str, datetime]:
    with database.read() as session:
        return {pause.subject: pause.paused_at for pause in session.scalars(select(Pause))}


def test_what_it_wrote_is_there_after_its_end(database):
    with lean_write(database) as lean:
        lean.run(ADD, {"subject": "a", "paused_at": lean.time(NOW)})
        assert lean.first(COUNT, {"subject": ""}) == (1,)
    assert pauses(database) == {"a": NOW}


def test_a_time_of_another_zone_is_the_same_time(database):
    with lean_write(database) as lean:
        elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
        lean.run(ADD, {"subject": "a", "paused_at": lean.time(elsewhere)})
    assert pauses(database) == {"a": NOW}


def add(database, *subjects: str) -> None:
    with lean_write(database) as lean:
        for subject in subjects:
            lean.run(ADD, {"subject": subject, "paused_at": lean.time(NOW)})


def test_an_error_undoes_it_and_the_next_one_begins_anew(database):
    for _ in range(20):
        with pytest.raises(INTEGRITY_ERRORS):
            add(database, "a", "a")
    assert not pauses(database)
    add(database, "b")
    assert set(pauses(database)) == {"b"}


def test_a_locked_database_is_an_outage(tmp_path, monkeypatch):
    monkeypatch.setattr(session_module, "BUSY_TIMEOUT_S", 0.05)
    with opened(url_at_head("sqlite", tmp_path)) as database:
        with database.write(), pytest.raises(DatabaseUnavailable, match="locked"), lean_write(database):
            raise AssertionError("it began beside another writer")
        with lean_write(database) as lean:
            assert lean.first(COUNT, {"subject": ""}) == (0,)


def add_on_a_connection_that_breaks(database) -> None:
    with lean_write(database) as lean:
        [backend] = lean.first("SELECT pg_backend_pid()", {}) or ()
        with database.write() as session:
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
        lean.run(ADD, {"subject": "a", "paused_at": lean.time(NOW)})


def test_a_connection_that_breaks_is_an_outage_and_the_next_one_works(postgresql_database):
    with pytest.raises(DatabaseUnavailable):
        add_on_a_connection_that_breaks(postgresql_database)
    add(postgresql_database, "b")
    assert set(pauses(postgresql_database)) == {"b"}


def test_a_database_that_is_away_is_an_outage(tmp_path):
    for url in ("postgresql+psycopg://nobody@127.0.0.1:1/nothing", f"sqlite:///{tmp_path}"):
        database = Database(url)
        with pytest.raises(DatabaseUnavailable), lean_write(database):
            raise AssertionError("it began")
        database.close()
