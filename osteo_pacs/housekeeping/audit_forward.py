"""The audit trail on its way to a repository: in order, at least once, from where it was left.

The scheduler does it, because one process of an installation leads there: events go out once and in their order.
Nothing waits for it: the trail is in the database already, and stays there.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from osteo_pacs.audit.syslog import frame
from osteo_pacs.clock import Clock, utc_now
from osteo_pacs.config.audit import Audit
from osteo_pacs.db.audit import find_head, records_after
from osteo_pacs.db.audit_forward import mark_sent, sent_position
from osteo_pacs.db.session import Database
from osteo_pacs.housekeeping.audit_repository import RepositoryUnreachable, send_frames
from osteo_pacs.log import get_logger

SENT_AT_ONCE = 200
ROUNDS = 5
"""Batches of one run: the scheduler takes a duty that does not end for a dead one."""
LONGEST_REST_S = 300.0


class AuditForwarder:
    """Sends what the repository does not have yet; after a failure it rests, longer each time."""

    def __init__(
        self,
        database: Database,
        audit: Audit,
        *,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._audit = audit
        self._now = now
        self._monotonic = monotonic
        self._failures = 0
        self._rests_until_s = 0.0

    def __call__(self) -> None:
        """One run."""
        if self._monotonic() < self._rests_until_s:
            return
        count = 0
        try:
            for _ in range(ROUNDS):
                sent = self._send_next()
                count += sent
                if sent < SENT_AT_ONCE:
                    break
        except RepositoryUnreachable as error:
            self._rest(error)
        else:
            self._failures = 0
        if count:
            get_logger().info("audit_forwarded", count=count, host=self._audit.host, port=self._audit.port)

    def _send_next(self) -> int:
        repository = self._audit.repository
        with self._database.read() as session:
            kept = records_after(session, sent_position(session, repository), SENT_AT_ONCE)
        if kept:
            send_frames([frame(each.record) for each in kept], self._audit)
            with self._database.write() as session:
                mark_sent(session, repository, kept[-1].position, self._now())
        return len(kept)

    def _rest(self, error: RepositoryUnreachable) -> None:
        self._failures += 1
        seconds = min(self._audit.every_s * 2.0**self._failures, LONGEST_REST_S)
        self._rests_until_s = self._monotonic() + seconds
        with self._database.read() as session:
            backlog = find_head(session).count - sent_position(session, self._audit.repository)
        get_logger().warning("audit_not_forwarded", reason=str(error), backlog=backlog, seconds=seconds)
