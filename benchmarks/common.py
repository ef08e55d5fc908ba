"""What the benchmarks share: servers that are started and ended, CPU time, medians and ranges, the machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import sysconfig
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

# pynetdicom brings a storescp, storescu and echoscu into the folder of pip's programs; DCMTK's are meant.
FOLDERS = [folder for folder in os.get_exec_path() if Path(folder) != Path(sysconfig.get_path("scripts"))]
# Without TCP_NODELAY each message of DCMTK and Orthanc waits 40 ms for Nagle's algorithm.
ENVIRONMENT = os.environ | {"TCP_NODELAY": "1", "PATH": os.pathsep.join([*FOLDERS, "/usr/sbin"])}
PACKAGES = ("highdicom", "monai", "numpy", "openvino", "pydicom", "pynetdicom", "sqlalchemy", "torch")
STARTS_WITHIN_S = 180


class Server(ABC):
    """A program that serves, in a folder of its own."""

    name: str
    ae_title = "ANY-SCP"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its options."""

    @property
    def environment(self) -> dict[str, str]:
        """What the program is started with."""
        return ENVIRONMENT

    @property
    def log(self) -> Path:
        """What the program writes."""
        return self.folder / "log"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    def is_ready(self) -> bool:
        """Whether it serves."""
        return listens(self.port)

    def start(self) -> None:
        """Starts it, without waiting until it serves."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def wait_until_ready(self) -> None:
        """Returns once it serves."""
        process = self._process
        assert process is not None, f"{self.name} was not started"
        wait_for(
            lambda: process.poll() is not None or self.is_ready(),
            timeout_s=STARTS_WITHIN_S,
            what=f"{self.name} is ready",
        )
        if process.poll() is not None:
            raise SystemExit(f"{self.name} ended:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Serving all of them, as long as the block lasts; they start side by side."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_ready()
        yield
    finally:
        for server in reversed(servers):
            server.stop()


def cpu_s(pid: int) -> dict[str, float]:
    """CPU seconds of a process and its descendants, those that have ended included, by each one's last argument.

    Those are ``serve``, ``listener``, ``worker`` and so on; the worker's decoding process is ``child``.
    """
    seconds: dict[str, float] = {}
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        role = process.cmdline()[-1].rpartition(".")[2]
        seconds[role] = seconds.get(role, 0.0) + sum(process.cpu_times()[:4])
    return seconds


def spent(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """The CPU seconds between two answers of `cpu_s`."""
    return {role: seconds - before.get(role, 0.0) for role, seconds in after.items()}


def spread(values: Sequence[float], digits: int = 3) -> dict[str, Any]:
    """The median and the range of repeats."""
    return {
        "median": round(statistics.median(values), digits),
        "range": [round(min(values), digits), round(max(values), digits)],
        "repeats": len(values),
    }


def ratios(ours: Sequence[float], others: Sequence[float]) -> dict[str, Any]:
    """Ours to the other's, repeat by repeat."""
    return spread([a / b for a, b in zip(ours, others, strict=True)], 2)


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that ``part`` (0 to 1) of the values do not exceed."""
    return sorted(values)[max(0, -int(-part * len(values) // 1) - 1)]


def machine() -> dict[str, Any]:
    """What the figures depend on; the load is that of the minute before."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": processor[1] if processor else platform.machine(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "dcmtk": first_line(["storescp", "--version"]),
        "packages": {name: version_of(name) for name in PACKAGES},
    }


def version_of(package: str) -> str | None:
    """The version of an installed package; a benchmark of one part need not have the peers of another."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def first_line(command: Sequence[str]) -> str | None:
    """What a program says first; None where it is not installed."""
    if shutil.which(command[0], path=ENVIRONMENT["PATH"]) is None:
        return None
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0].strip("$ ")


def write_report(report: dict[str, Any], output: Path | None) -> None:
    """The report as JSON on standard output, and in a file where one is named."""
    text = json.dumps(report | {"load_1_min_after": round(os.getloadavg()[0], 2)}, indent=2)
    if output:
        output.write_text(text + "\n")
    print(text)


def progress(text: str) -> None:
    """A line for who waits."""
    print(text, file=sys.stderr, flush=True)


def options_of(documentation: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, help="also write the JSON here")
    parser.add_argument(
        "--folder", type=Path, help="where the servers store; the disk under it is what is measured"
    )
    return parser


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(condition: Callable[[], bool], *, timeout_s: float, what: str, every_s: float = 0.05) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not in {timeout_s:.0f} s: {what}")
        time.sleep(every_s)
