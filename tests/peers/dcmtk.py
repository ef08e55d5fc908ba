"""DCMTK's programs as peers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread

from peers.programs import Server, environment, program

_STATUS = re.compile(r"^D: DIMSE Status +: 0x([0-9a-fA-F]{4})", re.MULTILINE)
_ECHOED = "Received Echo Response (Success)"
# After a timeout DCMTK waits for the peer's last word as long as for its first.
_TIMEOUTS = ("-to", "10", "-ta", "5")


class StoreScp(Server):
    """DCMTK's Storage SCP; it keeps the Data Sets' bytes as they come.

    Args:
        args: further options, such as ``("--implicit",)`` or ``("--sleep-after", "1")``.
    """

    def __init__(self, folder: Path, *, ae_title: str = "STORESCP", args: Sequence[str] = ()) -> None:
        super().__init__(folder, "storescp")
        self.ae_title = ae_title
        self._args = tuple(args)

    def command(self) -> Sequence[str | Path]:
        return ["--aetitle", self.ae_title, "+B", "-od", self.folder, *self._args, str(self.port)]

    def instances(self) -> list[Dataset]:
        return [dcmread(path) for path in sorted(self.folder.iterdir())]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a program of DCMTK was answered: the statuses in order, its exit code, and its log."""

    statuses: tuple[int, ...]
    returncode: int
    output: str

    @property
    def is_success(self) -> bool:
        """The program's exit code is 0 even where the peer refused everything, so the statuses count too."""
        return self.returncode == 0 and bool(self.statuses) and not any(self.statuses)


def storescu(port: int, *files: Path | str, called: str = "ANY-SCP", calling: str = "STORESCU",
             args: Sequence[str] = (), is_success: bool | None = True) -> Conversation:  # fmt: skip
    """Sends files one after the other, whatever the answers, and asserts how it ended (None: it may end anyhow).

    ``args`` such as ``("--propose-lossless",)`` choose the syntaxes.
    """
    return _talk("storescu", "-R", "-nh", "-aet", calling, "-aec", called, *_TIMEOUTS, *args,
                 "127.0.0.1", port, *files, is_success=is_success)  # fmt: skip


def dcmsend(port: int, *files: Path | str, called: str = "ANY-SCP", calling: str = "DCMSEND",
            args: Sequence[str] = (), is_success: bool | None = True) -> Conversation:  # fmt: skip
    """Sends files in whatever syntax they have, and asserts how it ended (None: it may end anyhow)."""
    return _talk("dcmsend", "-nh", "-aet", calling, "-aec", called, *_TIMEOUTS, *args,
                 "127.0.0.1", port, *files, is_success=is_success)  # fmt: skip


def echoscu(port: int, *, called: str = "ANY-SCP", calling: str = "ECHOSCU",
            args: Sequence[str] = (), is_success: bool | None = True) -> Conversation:  # fmt: skip
    """Asks for an echo, and asserts how it ended (None: it may end anyhow)."""
    return _talk("echoscu", "-aet", calling, "-aec", called, *_TIMEOUTS, "-td", "5", *args,
                 "127.0.0.1", port, is_success=is_success)  # fmt: skip


def _talk(name: str, *args: object, is_success: bool | None) -> Conversation:
    command = [program(name), "-d", *map(str, args)]
    done = subprocess.run(command, capture_output=True, env=environment(), timeout=120, check=False)
    output = (done.stdout + done.stderr).decode(errors="replace")
    statuses = tuple(int(status, 16) for status in _STATUS.findall(output)) + (0,) * output.count(_ECHOED)
    conversation = Conversation(statuses, done.returncode, output)
    if is_success is not None:
        assert conversation.is_success == is_success, f"{name}: {done.returncode}, {statuses}\n{output[-4000:]}"
    return conversation
