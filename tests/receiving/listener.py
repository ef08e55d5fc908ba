"""A listener in a thread, with a database and a spool of its own."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from databases import url_at_head
from osteo_pacs import log
from osteo_pacs.config import Settings
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Instance, Study
from osteo_pacs.receive.listener import run_listener
from osteo_pacs.spool import Spool
from peers import free_port
from receiving.raw_peer import RawPeer


@dataclass
class RunningListener:
    """What the test needs of it."""

    settings: Settings
    database: Database
    spool: Spool
    stop: threading.Event
    thread: threading.Thread
    log: StringIO
    tls: ssl.SSLContext | None = None

    def peer(self, *, timeout_s: float = 10) -> RawPeer:
        """A peer that talks as the listener does, plain or under TLS."""
        return RawPeer(self.port, timeout_s=timeout_s, tls=self.tls)

    @property
    def port(self) -> int:
        return self.settings.listener.port

    def events(self, name: str) -> list[dict[str, Any]]:
        """Its log's events of a name so far."""
        events = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [event for event in events if event["event"] == name]

    def instances(self) -> Sequence[Instance]:
        with self.database.read() as session:
            return session.scalars(select(Instance).order_by(Instance.id)).all()

    def studies(self) -> Sequence[Study]:
        with self.database.read() as session:
            return session.scalars(select(Study).order_by(Study.id)).all()

    def files(self, folder: str = "instances") -> list[Path]:
        """What lies in a folder of the spool."""
        return sorted(path for path in (self.spool.directory / folder).rglob("*") if path.is_file())


@contextmanager
def running_listener(
    folder: Path,
    *,
    database_url: str = "",
    min_free_mib: int = 1,
    shutdown_s: float = 5,
    tls: ssl.SSLContext | None = None,
    **rules: Any,
) -> Iterator[RunningListener]:
    """Listens as long as the block lasts; ``rules`` are keys of [listener], and ``tls`` is for its peers."""
    settings = Settings(
        listener={"port": free_port(), **rules},
        spool={"min_free_mib": min_free_mib},
        service={"shutdown_s": shutdown_s},
    )
    database = Database(database_url or url_at_head("sqlite", folder))
    stream, stop, ready = StringIO(), threading.Event(), threading.Event()
    log.configure(level="info", form="json", process="listener", stream=stream)
    spool = Spool(folder / "spool")
    thread = threading.Thread(target=run_listener, args=(settings, database, spool, stop, ready.set))
    thread.start()
    try:
        assert ready.wait(10), stream.getvalue()
        yield RunningListener(settings, database, spool, stop, thread, stream, tls)
    finally:
        stop.set()
        thread.join(20)
        database.close()
    assert not thread.is_alive(), "the listener did not end"
