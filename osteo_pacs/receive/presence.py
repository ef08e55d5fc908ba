"""Tells the other processes which associations are still open, so that no study is taken as whole too early.

The row of an association comes with the first instance of a study; a listener that dies no longer renews it. It
goes in the transaction that writes what the association brought into the audit trail; where a listener died, what
is left of its rows says so there.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Event, Lock

from osteo_pacs import log
from osteo_pacs.audit.events import instances_received
from osteo_pacs.audit.record import AuditRecord, Participant
from osteo_pacs.clock import Clock
from osteo_pacs.db import audit
from osteo_pacs.db.receipts import (
    DeadAssociation,
    Sender,
    close_associations,
    close_dead_associations,
    close_listener,
    find_dead_associations,
    renew_associations,
)
from osteo_pacs.db.session import Database
from osteo_pacs.dicom.audit import EventOutcome
from osteo_pacs.errors import RetryableError
from osteo_pacs.receive.journal import Journal

LEASE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)
LOOK_FOR_DEAD_EVERY = timedelta(minutes=1)
DEAD_AFTER = timedelta(minutes=5)
"""Long after its lease: a listener that was only frozen tells itself what its associations brought."""
TICK_S = 0.25


class Presence:
    """The open associations of one listener process."""

    def __init__(self, database: Database, now: Clock, journal: Journal) -> None:
        self.listener = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database = database
        self._now = now
        self._journal = journal
        self._lock = Lock()
        # What is due is told by one thread at a time: the one that ticks, or the one that ends the listener.
        self._turn = Lock()
        self._studies: dict[str, dict[str, int]] = {}
        self._ended: set[str] = set()
        self._renewed_at = now()
        self._looked_for_dead_at = now() - LOOK_FOR_DEAD_EVERY

    def sender(self, association_id: str, study_instance_uid: str) -> Sender | None:
        """Who sends, to be written beside the first instance of a study; None after that."""
        with self._lock:
            if study_instance_uid in self._studies.get(association_id, ()):
                return None
        return self._sender(association_id)

    def recorded(self, association_id: str, study_instance_uid: str, study_id: int) -> None:
        """An instance of the study has its row, and the association too."""
        with self._lock:
            self._studies.setdefault(association_id, {})[study_instance_uid] = study_id

    def ended(self, association_id: str) -> None:
        """The association has ended."""
        with self._lock:
            if self._studies.pop(association_id, None) is not None:
                self._ended.add(association_id)

    def run(self, stop: Event) -> None:
        """Keeps the rows true until ``stop``; a database that is away is tried again."""
        while not stop.wait(TICK_S):
            try:
                self.tick()
            except RetryableError as error:
                log.get_logger().warning("presence_not_told", error=error.message)

    def tick(self) -> None:
        """Removes the rows of ended associations and tells what they brought; renews the others when it is time.

        Raises:
            DatabaseUnavailable: the next tick tries again.
        """
        with self._turn:
            self._tick()

    def close(self) -> None:
        """The listener ends: none of its associations is open.

        Raises:
            DatabaseUnavailable: the rows will expire.
        """
        with self._turn:
            records = self._journal.due(is_last=True)
            with self._database.write() as session:
                close_listener(session, self.listener)
                audit.append(session, *records)
            self._journal.written(records)

    def _tick(self) -> None:
        with self._lock:
            ended = list(self._ended)
            open_pairs = [(a, study_id) for a, studies in self._studies.items() for study_id in studies.values()]
        records = self._journal.due()
        is_time = self._is_past(self._renewed_at, RENEW_EVERY)
        if ended or records or (is_time and open_pairs):
            with self._database.write() as session:
                close_associations(session, ended)
                renew_associations(session, [(self._sender(a), study_id) for a, study_id in open_pairs if is_time])
                audit.append(session, *records)
            self._forget(ended, records)
        if is_time:
            self._renewed_at = self._now()
        if self._is_past(self._looked_for_dead_at, LOOK_FOR_DEAD_EVERY):
            self._tell_of_dead()
            self._looked_for_dead_at = self._now()

    def _is_past(self, since: datetime, wait: timedelta) -> bool:
        # A clock that was set back would put off what is due for as long as it was set back by.
        return abs(self._now() - since) >= wait

    def _forget(self, ended: Sequence[str], records: Sequence[AuditRecord]) -> None:
        with self._lock:
            self._ended.difference_update(ended)
        self._journal.written(records)

    def _tell_of_dead(self) -> None:
        """Listeners that died have left rows of associations whose instances nobody has told of."""
        now = self._now()
        with self._database.read() as session:
            if not find_dead_associations(session, now - DEAD_AFTER):
                return
        with self._database.write() as session:
            dead = close_dead_associations(session, now - DEAD_AFTER)
            audit.append(session, *(_cut_off(each, now) for each in dead))

    def _sender(self, association_id: str) -> Sender:
        return Sender(association_id, self.listener, self._now() + LEASE)


def _cut_off(dead: DeadAssociation, now: datetime) -> AuditRecord:
    peer = Participant(dead.calling_ae_title, ae_title=dead.calling_ae_title)
    reason = "the listener died before the association ended; its instances up to there are kept"
    return instances_received(
        peer,
        dead.study_instance_uid,
        {},
        now,
        are_new=True,
        outcome=EventOutcome.SERIOUS_FAILURE,
        description=reason,
    )
