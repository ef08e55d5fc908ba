"""The listener as a process of its own, to be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select

from databases import url_at_head
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Instance
from osteo_pacs.spool import Spool
from peers import free_port, until


@dataclass(frozen=True)
class Installation:
    """A folder with a configuration; listeners are started on it."""

    folder: Path
    port: int
    database_url: str

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "OSTEO_PACS_CONFIG": str(self.folder / "config.toml"),
            "OSTEO_PACS__LISTENER__PORT": str(self.port),
            "OSTEO_PACS__LISTENER__PROCESSES": "2",
            "OSTEO_PACS__DATABASE__URL": self.database_url,
            "OSTEO_PACS__SPOOL__MIN_FREE_MIB": "1",
            "OSTEO_PACS__SERVICE__SHUTDOWN_S": "2",
            "OSTEO_PACS__LOG__FORMAT": "json",
        }

    def stored(self) -> dict[str, str]:
        """The digest of each row's Data Set by SOP Instance UID, as it lies in the spool."""
        database = Database(self.database_url)
        with database.read() as session:
            rows = session.execute(select(Instance.sop_instance_uid, Instance.sha256, Instance.path)).all()
        database.close()
        spool = Spool(self.folder / "var/spool")
        for row in rows:
            with spool.open(row.path) as file:
                assert sha256(data_set_of(file.read())).hexdigest() == row.sha256
        return {row.sop_instance_uid: row.sha256 for row in rows}

    @contextmanager
    def listener(self, *, under: Sequence[str] = ()) -> Iterator[ListenerProcess]:
        """A listener that takes associations; it is killed at the end if it still runs."""
        path = self.folder / f"log-{len(list(self.folder.glob('log-*')))}"
        command = [*under, sys.executable, "-m", "osteo_pacs", "listener"]
        with path.open("wb") as log:
            process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        listener = ListenerProcess(process, path)
        try:
            until(lambda: listener.event("ready") or process.poll() is not None, timeout_s=60)
            assert process.poll() is None, path.read_text()
            yield listener
        finally:
            listener.kill()


@dataclass(frozen=True)
class ListenerProcess:
    process: subprocess.Popen[bytes]
    log: Path

    def event(self, name: str) -> dict[str, Any] | None:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return next((event for event in map(json.loads, lines) if event["event"] == name), None)

    def kill(self) -> None:
        """Ends it and whatever runs it, as a power cut would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def installation(folder: Path, kind: str = "sqlite") -> Installation:
    (folder / "config.toml").write_text("")
    Spool(folder / "var/spool")
    return Installation(folder, free_port(), url_at_head(kind, folder))


def data_set_of(part10: bytes) -> bytes:
    """What follows the File Meta Information."""
    length = int.from_bytes(part10[140:144], "little")
    return part10[144 + length :]
