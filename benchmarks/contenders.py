"""Who is measured on the whole way, osteo_pacs and a plain script, each with a sink of its own for the reports."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import ENVIRONMENT, Server, running

from osteo_pacs import shipped

Settings = Mapping[str, Mapping[str, Any]]
"""Values by section and key of the configuration."""

SRS = "SR3.*"
"""What storescp calls files of Comprehensive 3D SR Storage."""

PLAIN_SCRIPT = Path(__file__).parent / "peers" / "plain_script.py"


class Sink(Server):
    """DCMTK's storescp: quick, and the time of a file is the time at which an object was there."""

    name = "sink"
    ae_title = "SINK"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.received = folder / "received"
        self.received.mkdir()

    def command(self) -> Sequence[str]:
        received = str(self.received)
        return ["storescp", "+B", "--fork", "--aetitle", self.ae_title, "-od", received, str(self.port)]

    def arrivals_s(self) -> list[float]:
        """When each Comprehensive 3D SR was there, in seconds of the wall clock, the first first."""
        return sorted(path.stat().st_mtime_ns / 1e9 for path in self.received.glob(SRS))

    def count(self) -> int:
        """How many of them are there."""
        return sum(1 for _ in self.received.glob(SRS))

    def clear(self) -> None:
        """Forgets everything."""
        for path in self.received.iterdir():
            path.unlink()


class Reader(Server):
    """What takes a study and answers with a report."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sink = Sink(folder / "sink")


class PlainScript(Reader):
    """The peer."""

    name = "plain_script"
    ae_title = "PLAIN_SCRIPT"

    def command(self) -> Sequence[str]:
        return [sys.executable, str(PLAIN_SCRIPT), str(shipped.BUNDLE), str(self.port), str(self.sink.port)]


class OsteoPacs(Reader):
    """``osteo-pacs serve`` of this checkout, on SQLite, as it is configured when it is installed.

    Args:
        settings: other values than the shipped ones, by section and key.
        sends_srs_alone: the picture and the text, which go beside each SR, are left out.
    """

    name = "osteo_pacs"
    ae_title = "OSTEO_PACS"

    def __init__(self, folder: Path, settings: Settings, *, sends_srs_alone: bool = False) -> None:
        super().__init__(folder)
        self.config = folder / "config.toml"
        self.config.write_bytes(shipped.CONFIG.read_bytes())
        ours: Settings = {"listener": {"port": self.port}, "log": {"format": "json"}}
        sink = {"name": "sink", "host": "127.0.0.1", "port": self.sink.port, "ae_title": self.sink.ae_title}
        destination = sink | ({"text_twin": False, "picture": False} if sends_srs_alone else {})
        self._variables = {"OSTEO_PACS__DESTINATIONS": json.dumps([destination])} | {
            f"OSTEO_PACS__{section}__{key}".upper(): str(value)
            for section, keys in (*ours.items(), *settings.items())
            for key, value in keys.items()
        }
        self._workers = settings.get("worker", {}).get("processes", 1)

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "osteo_pacs", "--config", str(self.config), "serve"]

    @property
    def environment(self) -> dict[str, str]:
        return {name: value for name, value in ENVIRONMENT.items() if not name.startswith("OSTEO_PACS")} | (
            self._variables
        )

    def is_ready(self) -> bool:
        return bool(self.events("ready")) and len(self.events("worker_ready")) == self._workers

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's events of this name."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [event for event in map(json.loads, lines) if event["event"] == name]


@contextmanager
def reading(*readers: Reader) -> Iterator[None]:
    """Readers that serve, with their sinks, as long as the block lasts."""
    with running(*(reader.sink for reader in readers), *readers):
        yield
