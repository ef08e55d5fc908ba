"""One decoding process as its parent sees it: asked, waited for until a deadline, killed when late."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, Any

from osteo_pacs.decode.frames import PREFIX, pack, parse_head

_HEAD_LIMIT_BYTES = 1 << 20
_PIPE_BYTES = 1 << 20
_ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    # One thread: a pool would take address space that the limit counts.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
}


class ChildDied(Exception):
    """The process ended, answered nonsense, or was killed because it was late."""


class ChildProcess:
    """A running ``osteo_pacs.decode.child``; not thread-safe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "osteo_pacs.decode.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(_module_folders())},
            cwd="/",
            bufsize=0,
        )
        with suppress(OSError):
            fcntl.fcntl(self._stream(self._process.stdout), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(self._stream(self._process.stdout).fileno(), False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def held_bytes(self) -> int:
        """Its address space, which is what its memory limit counts; 0 where it cannot be told (proc(5), statm)."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[0]
        except (OSError, IndexError):
            return 0
        return int(pages) * resource.getpagesize()

    def ask(
        self, head: Mapping[str, Any], payload: bytes = b"", *, timeout_s: float, limit_bytes: int
    ) -> tuple[dict[str, Any], bytearray]:
        """Sends a request and waits for the answer's head and payload, at most ``limit_bytes`` of it.

        Raises:
            ChildDied: there is no proper answer in time; the process has been ended.
        """
        deadline = monotonic() + timeout_s
        try:
            stdin = self._stream(self._process.stdin)
            for part in (pack(dict(head), len(payload)), payload):
                stdin.write(part)
            head_bytes, payload_bytes = PREFIX.unpack(self._read(PREFIX.size, deadline))
            if head_bytes > _HEAD_LIMIT_BYTES or payload_bytes > limit_bytes:
                raise ChildDied("answered too much")  # noqa: TRY301 - ends the process below, as every fault does
            return parse_head(self._read(head_bytes, deadline)), self._read(payload_bytes, deadline)
        except (OSError, ValueError) as error:
            self.kill()
            raise ChildDied("answered nonsense") from error
        except ChildDied:
            self.kill()
            raise

    def kill(self) -> None:
        """Ends the process at once and waits until it is gone."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                self._stream(stream).close()

    def _read(self, size: int, deadline: float) -> bytearray:
        """Exactly ``size`` bytes, or `ChildDied`."""
        buffer = bytearray(size)
        view, descriptor = memoryview(buffer), self._stream(self._process.stdout).fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while view:
            left_s = deadline - monotonic()
            if left_s <= 0 or not poll.poll(left_s * 1000):
                raise ChildDied("took too long")
            count = os.readv(descriptor, [view])
            if count == 0:
                raise ChildDied("ended without an answer")
            view = view[count:]
        return buffer

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        if stream is None:
            raise ChildDied("has no pipe")
        return stream


def _module_folders() -> list[str]:
    """Where this process finds modules, this package's own folder first: its child runs with the same."""
    own = str(Path(__file__).resolve().parents[2])
    return [own, *(folder for folder in sys.path if Path(folder).is_absolute() and folder != own)]
