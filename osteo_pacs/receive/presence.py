"""Tells the other processes which associations are still open, so that no study is taken as whole too early.

The row of an association comes with the first instance of a study; a listener that dies no longer renews it.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta
from threading import Event, Lock

from osteo_pacs import log
from osteo_pacs.clock import Clock
from osteo_pacs.db.receipts import Sender, close_associations, close_listener, renew_associations
from osteo_pacs.db.session import Database
from osteo_pacs.errors import RetryableError

LEASE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)
TICK_S = 0.25


class Presence:
    """The open associations of one listener process."""

    def __init__(self, database: Database, now: Clock) -> None:
        self.listener = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database = database
        self._now = now
        self._lock = Lock()
        self._studies: dict[str, dict[str, int]] = {}
        self._ended: set[str] = set()
        self._renewed_at = now()

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
        """Removes the rows of ended associations, and renews the others when it is time.

        Raises:
            DatabaseUnavailable: the next tick tries again.
        """
        with self._lock:
            ended = list(self._ended)
            open_pairs = [(a, study_id) for a, studies in self._studies.items() for study_id in studies.values()]
        is_time = self._now() - self._renewed_at >= RENEW_EVERY
        if not ended and not (is_time and open_pairs):
            return
        with self._database.write() as session:
            close_associations(session, ended)
            renew_associations(session, [(self._sender(a), study_id) for a, study_id in open_pairs if is_time])
        with self._lock:
            self._ended.difference_update(ended)
        if is_time:
            self._renewed_at = self._now()

    def close(self) -> None:
        """The listener ends: none of its associations is open.

        Raises:
            DatabaseUnavailable: the rows will expire.
        """
        with self._database.write() as session:
            close_listener(session, self.listener, self._now())

    def _sender(self, association_id: str) -> Sender:
        return Sender(association_id, self.listener, self._now() + LEASE)
