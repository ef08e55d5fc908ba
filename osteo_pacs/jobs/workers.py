"""How a process that claims jobs is called, so that whoever finds it dead can rescue its jobs by that name."""

from __future__ import annotations

import os
import socket


def worker_name(pid: int | None = None) -> str:
    """The name of a process of this host; of this process where no ``pid`` is given."""
    return f"{socket.gethostname()}:{os.getpid() if pid is None else pid}"
