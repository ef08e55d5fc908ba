from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from sqlite3 import IntegrityError

import pytest
from sqlalchemy import select

from databases import url_at_head
from osteo_pacs.db.lean import lean_write
from osteo_pacs.db.receipts import NewInstance, Outcome
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.db.tables import Instance
from osteo_pacs.receive import ledger as ledger_module
from osteo_pacs.receive.ledger import CommitUnknown, Ledger
from peers import until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_serial = itertools.count(1)


@pytest.fixture
def database(tmp_path):
    database = Database(url_at_head("sqlite", tmp_path))
    yield database
    database.close()


@pytest.fixture
def ledger(database):
    return Ledger(database)


def new_instance(uid: str, *, sha256: str = "0" * 64, size_bytes: int = 4) -> NewInstance:
    path = f"instances/{next(_serial)}.dcm"
    return NewInstance("1.1", "1.2", "1.2", uid, "1.2", "", "", sha256, size_bytes, path, "AE", NOW)


def rows(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Instance.sop_instance_uid).order_by(Instance.id)))


def record_at_once(ledger: Ledger, instances: list[NewInstance]) -> list[object]:
    """All of them wait while someone commits, so that they go together."""
    results: list[object] = [None] * len(instances)

    def record(number: int) -> None:
        try:
            results[number] = ledger.record(instances[number], None)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[number] = error

    threads = [threading.Thread(target=record, args=(number,)) for number in range(len(instances))]
    ledger._is_committing = True
    for thread in threads:
        thread.start()
    until(lambda: len(ledger._waiting) == len(instances))
    ledger._hand_over(0, 0)
    for thread in threads:
        thread.join()
    return results


def count_transactions(monkeypatch) -> list[int]:
    """The size of each transaction from now on."""
    sizes: list[int] = []
    real = ledger_module.record_instances

    def count(lean, received):
        sizes.append(len(received))
        return real(lean, received)

    monkeypatch.setattr(ledger_module, "record_instances", count)
    return sizes


def test_who_waits_goes_in_one_transaction(ledger, database, monkeypatch):
    sizes = count_transactions(monkeypatch)
    results = record_at_once(ledger, [new_instance(f"1.{number}") for number in range(10)])
    assert [record.outcome for record in results] == [Outcome.NEW] * 10
    assert sizes == [10]
    assert len(rows(database)) == 10


def test_on_a_slow_disk_those_who_send_are_waited_for(ledger, monkeypatch):
    sizes = count_transactions(monkeypatch)
    monkeypatch.setattr(ledger_module, "SLOW_COMMIT_S", 0)
    monkeypatch.setattr(ledger_module, "MAX_PATIENCE_S", 20)
    record_at_once(ledger, [new_instance("1.1"), new_instance("1.2"), new_instance("1.3")])
    ledger._patience_s = 20
    threads = [threading.Thread(target=ledger.record, args=(new_instance(f"2.{n}"), None)) for n in range(3)]
    for thread in threads:
        thread.start()
        until(lambda: ledger._is_committing)
    for thread in threads:
        thread.join()
    assert sizes == [3, 3]


def test_a_sender_who_stays_away_is_not_waited_for_again(ledger, monkeypatch):
    sizes = count_transactions(monkeypatch)
    monkeypatch.setattr(ledger_module, "SLOW_COMMIT_S", 0)
    record_at_once(ledger, [new_instance("1.1"), new_instance("1.2")])
    assert ledger._senders == 2
    ledger.record(new_instance("1.3"), None)
    assert ledger._senders == 1
    assert sizes == [2, 1]


def test_more_than_one_transaction_takes_go_in_turn(ledger, database, monkeypatch):
    monkeypatch.setattr(ledger_module, "BATCH", 4)
    sizes = count_transactions(monkeypatch)
    results = record_at_once(ledger, [new_instance(f"1.{number}") for number in range(10)])
    assert [record.outcome for record in results] == [Outcome.NEW] * 10
    assert sizes == [4, 4, 2]
    assert len(rows(database)) == 10


def test_a_uid_that_waits_twice_is_recorded_once(ledger, database):
    results = record_at_once(
        ledger, [new_instance("1.5"), new_instance("1.5"), new_instance("1.5", sha256="1" * 64)]
    )
    outcomes = [record.outcome for record in results]
    assert outcomes.count(Outcome.NEW) == 1
    assert set(outcomes) == {Outcome.NEW, Outcome.SAME_BYTES, Outcome.OTHER_BYTES}
    assert rows(database) == ["1.5"]


def test_a_row_that_no_database_takes_fails_alone(ledger, database):
    good, bad = record_at_once(ledger, [new_instance("1.6"), new_instance("1.7", size_bytes=0)])
    assert good.outcome is Outcome.NEW
    assert isinstance(bad, IntegrityError)
    assert rows(database) == ["1.6"]


def test_a_database_that_does_not_answer_fails_everyone_for_certain(ledger, monkeypatch):
    def fail(*_: object) -> None:
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(ledger_module, "record_instances", fail)
        results = record_at_once(ledger, [new_instance("1.8"), new_instance("1.9")])
    assert [type(result) for result in results] == [DatabaseUnavailable] * 2
    assert ledger.record(new_instance("1.8"), None).outcome is Outcome.NEW


def test_a_commit_without_an_answer_is_told_as_such(ledger, database, monkeypatch):
    @contextmanager
    def lose_the_answer(database):
        with lean_write(database) as lean:
            yield lean
        raise DatabaseUnavailable

    monkeypatch.setattr(ledger_module, "lean_write", lose_the_answer)
    with pytest.raises(CommitUnknown):
        ledger.record(new_instance("1.9"), None)
    assert rows(database) == ["1.9"]
