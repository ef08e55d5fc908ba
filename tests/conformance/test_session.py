"""Transactions, and what is said when there can be none; on both databases."""

from __future__ import annotations

import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rows import NOW, add_study
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, InternalError, StatementError

from osteo_pacs.clock import utc_now
from osteo_pacs.db import session as session_module
from osteo_pacs.db.session import Database, DatabaseUnavailable, database_now
from osteo_pacs.db.tables import Study


def studies(database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Study))


def new_study(**values):
    times = dict.fromkeys(("received_at", "opened_at", "last_received_at"), NOW)
    return Study(**({"study_instance_uid": "2.25.1"} | times | values))


def test_a_transaction_that_fails_leaves_nothing(database):
    def fail():
        with database.write() as session:
            session.add(new_study())
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert studies(database) == 0


def test_what_a_transaction_wrote_is_there_afterwards(database):
    add_study(database)
    assert studies(database) == 1


def test_a_reading_transaction_sees_one_moment(postgresql_database):
    with postgresql_database.read() as session:
        before = session.scalar(select(func.count()).select_from(Study))
        add_study(postgresql_database)
        assert session.scalar(select(func.count()).select_from(Study)) == before
    assert studies(postgresql_database) == before + 1


def test_a_reading_transaction_writes_nothing(postgresql_database):
    with pytest.raises(InternalError, match="read-only"), postgresql_database.read() as session:
        session.add(new_study())


def test_times_come_back_as_aware_utc(database):
    berlin = timezone(timedelta(hours=1))
    with database.write() as session:
        session.add(new_study(received_at=NOW.astimezone(berlin) + timedelta(microseconds=7)))
    with database.read() as session:
        found = session.scalars(select(Study.received_at)).one()
    assert found == NOW + timedelta(microseconds=7)
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(database):
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - the case
    with pytest.raises(StatementError, match="without a zone"), database.write() as session:
        session.execute(select(Study).where(Study.received_at == naive))


def test_a_row_that_names_a_study_which_is_not_there_is_refused(database):
    label = "INSERT INTO label (study_id, is_positive, source, author, facts, labelled_at, created_at) VALUES "
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text(label + "(99, true, '', '', '{}', :now, :now)"), {"now": str(NOW)})


def test_a_terminal_state_without_its_time_is_refused(database):
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(new_study(completed_at=NOW, complete_reason=None))


def test_the_database_s_clock_is_aware_and_right(database):
    with database.read() as session:
        now = database_now(session)
    assert now.tzinfo is UTC
    assert abs(now - utc_now()) < timedelta(seconds=30)


def test_writers_wait_for_each_other_and_both_write(database):
    began, go_on = threading.Event(), threading.Event()

    def first():
        with database.write() as session:
            session.add(new_study(study_instance_uid="2.25.1"))
            session.flush()
            began.set()
            assert go_on.wait(30)

    thread = threading.Thread(target=first)
    thread.start()
    assert began.wait(30)
    second = threading.Thread(target=add_study, args=(database,))
    second.start()
    go_on.set()
    for waiting in (thread, second):
        waiting.join(60)
    assert studies(database) == 2


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "sqlite:////proc/no/such/folder/x.db",
        "sqlite:////dev/null/x.db",
    ],
)
def test_a_database_that_cannot_be_reached_is_unavailable(url):
    away = Database(url)
    with pytest.raises(DatabaseUnavailable), away.read() as session:
        session.execute(text("SELECT 1"))
    away.close()


def test_a_file_that_is_no_database_is_unavailable(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database " * 100)
    broken = Database(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(DatabaseUnavailable), broken.read() as session:
        session.execute(text("SELECT * FROM job"))
    broken.close()


def test_a_connection_that_is_cut_makes_the_database_unavailable_and_the_next_one_works(postgresql_database):
    def cut():
        with postgresql_database.write() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DatabaseUnavailable):
        cut()
    assert studies(postgresql_database) == 0


def test_a_sqlite_file_that_stays_locked_is_unavailable(tmp_path, monkeypatch):
    monkeypatch.setattr(session_module, "BUSY_TIMEOUT_S", 0.05)
    holder, waiter = (Database(f"sqlite:///{tmp_path}/x.db") for _ in range(2))
    with holder.write(), pytest.raises(DatabaseUnavailable, match="locked"), waiter.write():
        pass
    for database in (holder, waiter):
        database.close()


def test_a_new_sqlite_file_is_ours_alone_and_durable(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/new/x.db")
    with database.write() as session:
        session.execute(text("CREATE TABLE one (id INTEGER)"))
        pragmas = ("foreign_keys", "journal_mode", "synchronous")
        found = [session.scalar(text(f"PRAGMA {pragma}")) for pragma in pragmas]
    database.close()
    full = 2
    assert found == [1, "persist", full]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {"x.db": 0o600, "x.db-journal": 0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_sqlite_reader_sees_no_half_of_a_transaction(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with database.write() as session:
        session.execute(text("CREATE TABLE one (id INTEGER)"))
    with database.write() as session:
        session.execute(text("INSERT INTO one VALUES (1)"))
        with sqlite3.connect(tmp_path / "x.db") as reader:
            assert reader.execute("SELECT count(*) FROM one").fetchone() == (0,)
        reader.close()
    database.close()


def test_an_error_quotes_no_parameter(database):
    with database.write() as session:
        session.add(new_study())
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        session.add(new_study(accession_number="QZ-ACCESSION"))
    assert "QZ-ACCESSION" not in str(caught.value)
