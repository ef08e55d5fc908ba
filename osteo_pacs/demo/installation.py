"""An installation in a folder of its own: the shipped configuration, free ports, SQLite, a running service."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osteo_pacs import shipped
from osteo_pacs.config import CONFIG_VARIABLE
from osteo_pacs.demo.errors import DemonstrationFailed

QUIET_S = 1.0
START_WITHIN_S = 120.0
END_WITHIN_S = 30.0


@dataclass(frozen=True)
class Installation:
    """A running service: its folder, its listener's port, and its log."""

    folder: Path
    port: int
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        """JSON lines, one event each."""
        return self.folder / "log.jsonl"

    def ask(self, *arguments: str) -> Any:
        """What the command line answers with ``--json``."""
        command = [sys.executable, "-m", "osteo_pacs", *arguments, "--json"]
        answer = subprocess.run(command, env=self.environment, capture_output=True, check=True)
        return json.loads(answer.stdout)

    def event(self, name: str) -> dict[str, Any] | None:
        """The newest event of this name."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return next((event for event in reversed(events) if event["event"] == name), None)


@contextmanager
def running_installation(folder: Path, *, pacs_port: int, pacs_ae_title: str) -> Iterator[Installation]:
    """A service that answers to one PACS, as long as the block lasts.

    Raises:
        DemonstrationFailed: it did not start.
    """
    shutil.copy(shipped.CONFIG, folder / "config.toml")
    port = free_port()
    installation = Installation(folder, port, _environment(folder, port, pacs_port, pacs_ae_title))
    command = [sys.executable, "-m", "osteo_pacs", "serve"]
    with installation.log.open("wb") as log:
        service = subprocess.Popen(command, env=installation.environment, stderr=log, stdin=subprocess.DEVNULL)
        try:
            _wait_until_ready(installation, service)
            yield installation
        finally:
            _end(service)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(folder: Path, port: int, pacs_port: int, pacs_ae_title: str) -> dict[str, str]:
    destination = {"name": "small-pacs", "host": "127.0.0.1", "port": pacs_port, "ae_title": pacs_ae_title}
    return {name: value for name, value in os.environ.items() if not name.startswith("OSTEO_PACS")} | {
        CONFIG_VARIABLE: str(folder / "config.toml"),
        "OSTEO_PACS__LISTENER__PORT": str(port),
        "OSTEO_PACS__COMPLETENESS__QUIET_S": str(QUIET_S),
        "OSTEO_PACS__LOG__FORMAT": "json",
        "OSTEO_PACS__DESTINATIONS": json.dumps([destination]),
    }


def _wait_until_ready(installation: Installation, service: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_WITHIN_S
    while not (installation.event("ready") and installation.event("worker_ready")):
        status, log = service.poll(), f"Its log is {installation.log}."
        if status is not None:
            raise DemonstrationFailed(f"the service ended with {status}.", remedy=log)
        if time.monotonic() > deadline_s:
            raise DemonstrationFailed(f"the service was not ready in {START_WITHIN_S:.0f} s.", remedy=log)
        time.sleep(0.05)


def _end(service: subprocess.Popen[bytes]) -> None:
    service.terminate()
    try:
        service.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
