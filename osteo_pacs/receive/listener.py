"""The listener process: settings to a server that takes studies until it is asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from osteo_pacs import log
from osteo_pacs.clock import Clock, utc_now
from osteo_pacs.config import Settings
from osteo_pacs.config.network import Listener
from osteo_pacs.config.security import is_plain_off_loopback
from osteo_pacs.db.receipts import known_paths
from osteo_pacs.db.session import Database
from osteo_pacs.errors import RetryableError
from osteo_pacs.receive.admission import Admission
from osteo_pacs.receive.association import Scope
from osteo_pacs.receive.journal import Journal
from osteo_pacs.receive.ledger import Ledger
from osteo_pacs.receive.presence import Presence
from osteo_pacs.receive.server import Server, bind
from osteo_pacs.receive.store import Receiver
from osteo_pacs.spool import Spool
from osteo_pacs.tls.files import TlsFiles
from osteo_pacs.tls.renewal import Credentials

MIB = 1 << 20
ORPHAN_AGE = timedelta(minutes=15)
"""Longer than any instance is between its file and its row."""


def run_listener(
    settings: Settings,
    database: Database,
    spool: Spool,
    stop: threading.Event,
    on_ready: Callable[[], None] = lambda: None,
    *,
    now: Clock = utc_now,
) -> None:
    """Takes associations until ``stop`` is set, then lets those under way end within ``[service] shutdown_s``.

    Raises:
        TlsFilesUnusable: the certificate, its key or the authorities cannot be used.
        PortTaken: the address cannot be used.
    """
    rules = settings.listener
    journal = Journal(now)
    presence = Presence(database, now, journal)
    receiver = Receiver(spool, Ledger(database), presence, journal, now, _watermark(settings, spool))
    scope = _scope(rules, receiver)
    listening = bind(rules.host, rules.port, is_shared=rules.processes > 1)
    if is_plain_off_loopback(rules):
        log.get_logger().warning("plain_off_loopback", host=rules.host, port=rules.port)
    server = Server(listening, scope)
    ended = threading.Event()
    for duty in (lambda: presence.run(ended), lambda: clear_orphans(database, spool, now)):
        threading.Thread(target=duty, daemon=True).start()
    log.get_logger().info("ready", host=rules.host, port=listening.getsockname()[1], ae_title=rules.ae_title)
    on_ready()
    server.serve(stop)
    cut_off = server.drain(settings.service.shutdown_s)
    ended.set()
    _close(presence)
    log.get_logger().info("stopped", count=cut_off)


def clear_orphans(database: Database, spool: Spool, now: Clock = utc_now) -> int:
    """Clears away the files that have no place among the instances; returns how many."""

    def known(paths: list[str]) -> dict[str, bool]:
        with database.read() as session:
            return known_paths(session, paths)

    try:
        cleared = spool.clear_orphans(known, before=now() - ORPHAN_AGE)
    except RetryableError as error:
        log.get_logger().warning("orphans_not_cleared", error=error.message)
        return 0
    if cleared.removed:
        log.get_logger().info("orphans_removed", count=cleared.removed)
    if cleared.aside:
        log.get_logger().warning("orphans_set_aside", count=cleared.aside)
    return sum(cleared)


def _watermark(settings: Settings, spool: Spool) -> Callable[[], bool]:
    def has_space() -> bool:
        return spool.free_bytes() >= settings.spool.min_free_mib * MIB

    return has_space


def _scope(rules: Listener, receiver: Receiver) -> Scope:
    files = TlsFiles.of(rules)
    admission = Admission(rules, has_space=receiver.has_space)
    return Scope(rules, admission, receiver, Credentials(files) if files else None)


def _close(presence: Presence) -> None:
    try:
        presence.close()
    except RetryableError as error:
        log.get_logger().warning("presence_not_told", error=error.message)
