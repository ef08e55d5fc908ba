"""A command on a terminal of its own, as a person sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

ROWS_AND_COLUMNS = (24, 80)


def run_on_terminal(*arguments: object, folder: Path) -> tuple[int, str]:
    """The exit status of ``osteo-pacs`` in a folder, and everything that its terminal was sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *ROWS_AND_COLUMNS, 0, 0))
    command = [sys.executable, "-m", "osteo_pacs", *map(str, arguments)]
    environment = os.environ | {"TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        sent = b"".join(iter(lambda: _read(screen.fileno()), b""))
    return process.wait(60), sent.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        # Linux's way of saying that the other side is closed.
        return b""
