"""The database's side of keeping an instance, with one commit for all associations that wait for one.

Whoever finds the ledger free commits for everyone who waits: four associations cost one commit, not four.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from osteo_pacs.db.receipts import NewInstance, Record, Sender, record_instances
from osteo_pacs.db.session import Database
from osteo_pacs.errors import RetryableError
from osteo_pacs.spool import Spool

BATCH = 64
MAX_PATIENCE_S = 0.01


@dataclass(slots=True, eq=False)
class _Entry:
    instance: NewInstance
    sender: Sender | None
    record: Record | None = None
    error: Exception | None = None
    may_be_committed: bool = False

    @property
    def is_done(self) -> bool:
        return self.record is not None or self.error is not None


class Ledger:
    """Records instances whose files are on the disk."""

    def __init__(
        self, database: Database, spool: Spool, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._spool = spool
        self._monotonic = monotonic
        self._changed = Condition()
        self._waiting: list[_Entry] = []
        self._is_committing = False
        self._senders = 1
        self._patience_s = 0.0

    def record(self, instance: NewInstance, sender: Sender | None) -> Record:
        """Makes the file's name durable and commits the row; returns when both are on the disk.

        Where it fails for certain the file is gone. Where the commit's outcome is unknown the file stays: a row
        may name it, and ``Spool.remove_orphans`` will tell.

        Raises:
            RetryableError: the database or the spool's folder does not answer.
        """
        entry = _Entry(instance, sender)
        with self._changed:
            self._waiting.append(entry)
            self._changed.notify_all()
        while self._must_commit(entry):
            self._commit_waiting()
        if entry.record is None:
            if not entry.may_be_committed:
                self._spool.remove(instance.path)
            raise entry.error or AssertionError("an entry is done without an outcome")
        return entry.record

    def _must_commit(self, entry: _Entry) -> bool:
        """Waits until the entry is done, or no one commits and this thread has to."""
        with self._changed:
            self._changed.wait_for(lambda: entry.is_done or not self._is_committing)
            if entry.is_done:
                return False
            self._is_committing = True
            return True

    def _commit_waiting(self) -> None:
        batch = self._take()
        started = self._monotonic()
        try:
            self._commit(batch)
        finally:
            with self._changed:
                self._is_committing = False
                self._senders = len(batch) + len(self._waiting)
                self._patience_s = min((self._monotonic() - started) / 2, MAX_PATIENCE_S)
                self._changed.notify_all()

    def _take(self) -> list[_Entry]:
        """The entries that go together; of one SOP Instance UID the first alone.

        Those who were in the last commit and those who came meanwhile most likely send on: half a commit's time is
        waited for all of them. Else they fall into two groups, each waiting while the other commits.
        """
        batch: dict[str, _Entry] = {}
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) >= self._senders, self._patience_s)
            for entry in self._waiting[:BATCH]:
                batch.setdefault(entry.instance.sop_instance_uid, entry)
            for entry in batch.values():
                self._waiting.remove(entry)
        return list(batch.values())

    def _commit(self, batch: list[_Entry]) -> None:
        try:
            self._commit_together(batch)
        except RetryableError as error:
            self._fail(batch, error)
        except Exception as error:  # noqa: BLE001 - one bad entry must not fail the others
            if len(batch) == 1:
                self._fail(batch, error)
                return
            for entry in batch:
                self._commit([entry])

    def _commit_together(self, batch: list[_Entry]) -> None:
        self._spool.sync_folders(entry.instance.path for entry in batch)
        for entry in batch:
            entry.may_be_committed = False
        with self._database.write() as session:
            records = record_instances(session, [(entry.instance, entry.sender) for entry in batch])
            for entry in batch:
                entry.may_be_committed = True
        for entry, record in zip(batch, records, strict=True):
            entry.record = record

    @staticmethod
    def _fail(batch: list[_Entry], error: Exception) -> None:
        for entry in batch:
            entry.error = error
