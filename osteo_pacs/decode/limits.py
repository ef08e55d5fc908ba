"""The bounds of the decoding process, set by itself before it reads the first foreign byte (Linux)."""

from __future__ import annotations

import ctypes
import os
import resource
from contextlib import suppress
from pathlib import Path

_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000
_OPEN_FILES = 64


def confine(memory_limit_bytes: int) -> None:
    """Caps memory and open files, forbids writing files and core dumps, offers itself to the OOM killer."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def leave_network() -> bool:
    """Moves into a network namespace without interfaces; whether the system allowed it.

    Has to be called before the process has a second thread; root keeps its rights on files.
    """
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    try:
        return int(ctypes.CDLL(None).unshare(flags)) == 0
    except (OSError, AttributeError):
        return False


def renew_cpu(limit_s: int) -> None:
    """Allows ``limit_s`` more seconds of CPU from now; then the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + limit_s, resource.RLIM_INFINITY))
