from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select

from databases import url_at_head
from osteo_pacs.db.receipts import NewInstance, Outcome
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.db.tables import Instance
from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.receive.ledger import Ledger
from osteo_pacs.spool import Spool
from peers import until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    database = Database(url_at_head("sqlite", tmp_path))
    yield database
    database.close()


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


@pytest.fixture
def ledger(database, spool):
    return Ledger(database, spool)


def kept(spool: Spool, uid: str, data: bytes = b"data") -> NewInstance:
    """An instance whose file is on the disk."""
    file = spool.create(FileMeta("1.2", uid, "1.2.840.10008.1.2"), NOW)
    file.write(memoryview(data))
    file.sync()
    return NewInstance("1.1", "1.2", "1.2", uid, "1.2", "", "", file.sha256, len(data), file.path, "AE", NOW)


def files(spool: Spool) -> int:
    return len(list((spool.directory / "instances").rglob("*.dcm")))


def rows(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Instance.sop_instance_uid).order_by(Instance.id)))


def record_at_once(ledger: Ledger, instances: list[NewInstance]) -> list[object]:
    """All of them wait while the ledger is busy, so that they go together."""
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
    with ledger._changed:
        ledger._is_committing = False
        ledger._changed.notify_all()
    for thread in threads:
        thread.join()
    return results


def test_who_waits_goes_in_one_transaction(ledger, database, spool):
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    results = record_at_once(ledger, [kept(spool, f"1.{number}") for number in range(10)])
    assert [record.outcome for record in results] == [Outcome.NEW] * 10
    assert len(commits) == 1
    assert len(rows(database)) == 10


def test_a_uid_that_waits_twice_is_recorded_once(ledger, database, spool):
    one, same, other = kept(spool, "1.5"), kept(spool, "1.5"), kept(spool, "1.5", b"other")
    results = record_at_once(ledger, [one, same, other])
    outcomes = [record.outcome for record in results]
    assert outcomes.count(Outcome.NEW) == 1
    assert set(outcomes) <= {Outcome.NEW, Outcome.SAME_BYTES, Outcome.OTHER_BYTES}
    assert rows(database) == ["1.5"]


def test_a_row_that_no_database_takes_fails_alone(ledger, database, spool):
    good, bad = kept(spool, "1.6"), replace(kept(spool, "1.7"), size_bytes=0)
    results = record_at_once(ledger, [good, bad])
    assert results[0].outcome is Outcome.NEW
    assert isinstance(results[1], Exception)
    assert rows(database) == ["1.6"]
    assert files(spool) == 1


def test_a_failure_before_the_commit_takes_the_file_away(ledger, spool, monkeypatch):
    instance = kept(spool, "1.8")

    def fail(*_: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr("osteo_pacs.receive.ledger.record_instances", fail)
    with pytest.raises(DatabaseUnavailable):
        ledger.record(instance, None)
    assert files(spool) == 0


def test_an_unknown_outcome_leaves_the_file(ledger, database, spool):
    instance = kept(spool, "1.9")

    class CommitLost:
        """Commits, and then the answer is lost."""

        def write(self):
            return self

        def __enter__(self):
            self.transaction = database.write()
            return self.transaction.__enter__()

        def __exit__(self, *error):
            self.transaction.__exit__(*error)
            raise DatabaseUnavailable

    ledger._database = CommitLost()
    with pytest.raises(DatabaseUnavailable):
        ledger.record(instance, None)
    assert rows(database) == ["1.9"]
    assert files(spool) == 1


def test_after_a_failure_the_next_one_is_recorded(ledger, spool, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("osteo_pacs.receive.ledger.record_instances", None)
        with pytest.raises(TypeError):
            ledger.record(kept(spool, "1.10"), None)
    assert ledger.record(kept(spool, "1.11"), None).outcome is Outcome.NEW
