"""Programs of other people, found, started, watched and ended."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from peers.polling import until

PACKAGES = {
    "Orthanc": "orthanc",
    "storescp": "dcmtk",
    "storescu": "dcmtk",
    "dcmsend": "dcmtk",
    "echoscu": "dcmtk",
    "dsrdump": "dcmtk",
    "dsr2html": "dcmtk",
    "dcm2xml": "dcmtk",
    "dcmcjpeg": "dcmtk",
    "dcmcrle": "dcmtk",
    "dcmdump": "dcmtk",
    "dciodvfy": "dicom3tools",
    "strace": "strace",
    "systemd-analyze": "systemd",
    "java": "default-jdk-headless",
}
# Below the range from which the kernel takes the ports of outgoing connections.
PORTS = range(20_000, 32_000)


class MissingProgram(AssertionError):
    """A peer that the tests need is not installed."""


def program(name: str) -> str:
    """Where the program lies.

    Raises:
        MissingProgram: with the command that installs it.
    """
    path = shutil.which(name, path=search_path())
    if path is None:
        package = PACKAGES.get(name, name)
        raise MissingProgram(f"{name} is not installed; run .ci/install-peers, or: apt-get install {package}")
    return path


def search_path() -> str:
    """The PATH without the folder of pip's programs: pynetdicom brings a storescp, storescu and echoscu there."""
    folders = [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]
    return os.pathsep.join(folder for folder in folders if Path(folder) != Path(sysconfig.get_path("scripts")))


def environment() -> dict[str, str]:
    """The environment in which DCMTK and Orthanc run: without Nagle's algorithm, which costs 40 ms a message."""
    return os.environ | {"TCP_NODELAY": "1", "LC_ALL": "C.UTF-8"}


def free_port() -> int:
    """A TCP port on which nobody listens."""
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port is taken")


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Server:
    """A program that serves until the end of the ``with``; ``stop`` and ``start`` in between keep its port."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.port = free_port()
        self.log = folder.parent / f"{folder.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        return is_listening(self.port)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program(self.name), *self.command()], stdout=log, stderr=log, env=environment(), cwd=self.folder
            )
        until(self._is_ready_or_dead, timeout_s=30, what=f"{self.name} is ready")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _is_ready_or_dead(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} ended: {self.log.read_text(errors='replace')[-2000:]}"
        return self.is_ready()
