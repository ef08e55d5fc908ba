"""An installation of osteo_pacs for tests: its configuration in a folder, its processes, its command line."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from osteo_pacs import shipped
from peers.polling import until
from peers.programs import free_port

START_WITHIN_S = 240
END_WITHIN_S = 40


def destination(name: str, port: int, ae_title: str, **keys: Any) -> dict[str, Any]:
    """A table of ``[[destinations]]`` on the loopback."""
    return {"name": name, "host": "127.0.0.1", "port": port, "ae_title": ae_title, **keys}


class Service:
    """``osteo-pacs serve`` with the shipped configuration, changed through the environment.

    Args:
        settings: by section and key, as ``{"completeness": {"quiet_s": 1}}``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str,
        destinations: Sequence[Mapping[str, Any]] = (),
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.config = folder / "config.toml"
        self.config.write_bytes(shipped.CONFIG.read_bytes())
        self.environment = _environment(database_url, destinations, _merged(settings or {}, self.port))
        self._process: subprocess.Popen[bytes] | None = None
        self._reading = threading.Lock()
        self._read_bytes = 0
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def log(self) -> Path:
        """Every process's events, a line of JSON each."""
        return self.folder / "log.jsonl"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The supervisor."""
        assert self._process is not None, "the service was not started"
        return self._process

    def start(self, *, worker_ready: bool = True) -> None:
        """Starts the service, and waits until it takes studies."""
        before = len(list(self.events("ready")))
        workers_before = len(list(self.events("worker_ready")))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._program(), "serve"], env=self.environment, stderr=log, stdin=subprocess.DEVNULL
            )

        def is_ready() -> bool:
            assert self.process.poll() is None, f"the service ended: {self.log.read_text()[-2000:]}"
            has_worker = len(list(self.events("worker_ready"))) > workers_before
            return len(list(self.events("ready"))) > before and (has_worker or not worker_ready)

        until(is_ready, timeout_s=START_WITHIN_S, every_s=0.05, what="ready")

    def stop(self) -> int:
        """Asks it to end, and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_WITHIN_S)

    def kill(self) -> None:
        """Ends every process at once."""
        if self._process is None:
            return
        victims = self.children() if self._process.poll() is None else []
        self._process.kill()
        self._process.wait()
        for victim in victims:
            with _gone_is_fine():
                victim.kill()
        psutil.wait_procs(victims, timeout=END_WITHIN_S)
        self._process = None

    def children(self, role: str = "") -> list[psutil.Process]:
        """The supervised processes, of one role if it is named."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if not role or role in words_of(child)]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's events of this name, those that were forgotten left out."""
        return [event for event in self._logged() if event["event"] == name]

    def forget_events(self) -> None:
        """What was logged until now is another test's."""
        self._logged().clear()

    def _logged(self) -> list[dict[str, Any]]:
        """Every event since the last that were forgotten; of the file only what is new is read."""
        with self._reading:
            if self.log.exists():
                with self.log.open("rb") as log:
                    log.seek(self._read_bytes)
                    # The last line may be on its way.
                    new = log.read().rpartition(b"\n")[0]
                self._events += [json.loads(line) for line in new.splitlines() if line.startswith(b"{")]
                self._read_bytes += len(new)
            return self._events

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line, as a user types it."""
        command = [*self._program(), *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def ask(self, *arguments: str) -> Any:
        """What a reading command answers as JSON."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _program(self) -> list[str]:
        return [sys.executable, "-m", "osteo_pacs", "--config", str(self.config)]


class _gone_is_fine:  # noqa: N801 - reads as a word in a with statement
    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is psutil.NoSuchProcess


def _merged(settings: Mapping[str, Mapping[str, Any]], port: int) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {
        "listener": {"port": port},
        "completeness": {"quiet_s": 1},
        "log": {"format": "json", "level": "debug"},
    }
    for section, keys in settings.items():
        merged.setdefault(section, {}).update(keys)
    return merged


def _environment(
    database_url: str, destinations: Sequence[Mapping[str, Any]], settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("OSTEO_PACS")}
    keys = {
        f"OSTEO_PACS__{section}__{key}".upper(): value if isinstance(value, str) else json.dumps(value)
        for section, table in settings.items()
        for key, value in table.items()
    }
    return ours | keys | {
        "OSTEO_PACS__DATABASE__URL": database_url,
        "OSTEO_PACS__DESTINATIONS": json.dumps(list(destinations)),
    }  # fmt: skip


def words_of(process: psutil.Process) -> list[str]:
    """A process's command line; none of one that has ended and is not yet waited for."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one, too
        return []


def froze_outside_a_transaction(process: psutil.Process, url: str) -> bool:
    """Whether the process stands still and others can write to its SQLite; else it goes on, for another try."""
    process.suspend()
    try:
        with closing(
            sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0.5, isolation_level=None)
        ) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError:
        process.resume()
        return False
    return True
