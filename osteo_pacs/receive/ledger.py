"""The database's side of keeping an instance, with one commit for all associations that wait for one.

Whoever finds no one committing commits for everyone who waits. On a quick disk four associations fall into two
groups, and while one commits the other receives. On a slow one the commit is all that counts: there everyone is
waited for, so that four associations cost one commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event, Lock

from osteo_pacs.db.lean import lean_write
from osteo_pacs.db.receipts import NewInstance, Record, Sender, record_instances
from osteo_pacs.db.session import Database
from osteo_pacs.errors import RetryableError

BATCH = 64
SLOW_COMMIT_S = 0.005
MAX_PATIENCE_S = 0.02


class CommitUnknown(RetryableError):
    """The database did not say whether it has the instance."""


class _Entry:
    """An instance that waits: for its outcome, or for its turn to commit for everyone who waits."""

    def __init__(self, instance: NewInstance, sender: Sender | None) -> None:
        self.instance = instance
        self.sender = sender
        self.outcome: Record | Exception | None = None
        self._sleeping = Lock()
        self._sleeping.acquire()

    def sleep(self) -> None:
        self._sleeping.acquire()

    def wake(self) -> None:
        self._sleeping.release()


class Ledger:
    """Records instances whose files are on the disk."""

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._lock = Lock()
        self._waiting: list[_Entry] = []
        self._is_committing = False
        self._all_here = Event()
        self._senders = 1
        self._patience_s = 0.0

    def record(self, instance: NewInstance, sender: Sender | None) -> Record:
        """Commits the row; returns when it is on the disk.

        Raises:
            CommitUnknown: the row may be there or not.
            RetryableError: the database does not answer; the row is not there.
        """
        entry = _Entry(instance, sender)
        if self._join(entry):
            self._commit_waiting(entry)
        while entry.outcome is None:
            entry.sleep()
            if entry.outcome is None:
                self._commit_waiting(entry)
        if isinstance(entry.outcome, Exception):
            raise entry.outcome
        return entry.outcome

    def _join(self, entry: _Entry) -> bool:
        """Takes a place among those who wait; True where no one commits, so that this thread has to."""
        with self._lock:
            self._waiting.append(entry)
            if len(self._waiting) >= self._senders:
                self._all_here.set()
            is_first = not self._is_committing
            self._is_committing = True
            return is_first

    def _commit_waiting(self, own: _Entry) -> None:
        self._all_here.wait(self._patience_s)
        batch = self._take()
        started = self._monotonic()
        self._commit(batch)
        for entry in batch:
            if entry is not own:
                entry.wake()
        self._hand_over(len(batch), self._monotonic() - started)

    def _take(self) -> list[_Entry]:
        with self._lock:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            self._all_here.clear()
        return batch

    def _hand_over(self, committed: int, commit_s: float) -> None:
        """Whoever has waited longest commits next."""
        with self._lock:
            # Who was in this commit most likely sends on, as do those who came meanwhile.
            self._senders = committed + len(self._waiting)
            self._patience_s = min(commit_s / 2, MAX_PATIENCE_S) if commit_s > SLOW_COMMIT_S else 0
            if self._waiting:
                self._waiting[0].wake()
            else:
                self._is_committing = False

    def _commit(self, batch: list[_Entry]) -> None:
        outcomes: Sequence[Record | Exception]
        try:
            outcomes = self._commit_together(batch)
        except RetryableError as error:
            outcomes = [error] * len(batch)
        except Exception as error:  # noqa: BLE001 - one bad entry must not fail the others
            if len(batch) > 1:
                for entry in batch:
                    self._commit([entry])
                return
            outcomes = [error]
        for entry, outcome in zip(batch, outcomes, strict=True):
            entry.outcome = outcome

    def _commit_together(self, batch: list[_Entry]) -> list[Record]:
        records: list[Record] = []
        try:
            with lean_write(self._database) as lean:
                records = record_instances(lean, [(entry.instance, entry.sender) for entry in batch])
        except RetryableError as error:
            if records:
                # It broke at the commit itself.
                raise CommitUnknown(error.detail) from error
            raise
        return records
