"""Renews the leases of the jobs in hand, however long a prediction takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from osteo_pacs import log
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.jobs.queue import Claim, heartbeat

BEATS_PER_LEASE = 3


@contextmanager
def keep_leases(database: Database, claims: Sequence[Claim], lease_s: float) -> Iterator[None]:
    """Renews every claim from a thread of its own until the block ends.

    A claim that is lost is not renewed again; its fencing token keeps what the block does with it from counting.
    """
    done = threading.Event()
    beating = threading.Thread(target=_beat, args=(database, list(claims), lease_s, done), daemon=True)
    beating.start()
    try:
        yield
    finally:
        done.set()
        beating.join()


def _beat(database: Database, claims: list[Claim], lease_s: float, done: threading.Event) -> None:
    while not done.wait(lease_s / BEATS_PER_LEASE):
        try:
            claims[:] = [claim for claim in claims if heartbeat(database, claim, lease_s)]
        except DatabaseUnavailable as error:
            log.get_logger().warning("heartbeat_failed", reason=str(error), count=len(claims))
