"""One process under supervision: started, watched, started again, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from osteo_pacs.config import CONFIG_VARIABLE
from osteo_pacs.service.stop import SUPERVISED_VARIABLE

FIRST_RESTART_S = 0.5
LAST_RESTART_S = 30.0
STEADY_AFTER_S = 60.0
REFUSED = 3
"""The exit status of a process that found that the configuration cannot be used."""


@dataclass(frozen=True, slots=True)
class Death:
    """A process that ended unasked; it is started again after ``restart_s`` seconds.

    ``is_refusal`` is True where its first start found that the configuration cannot be used; a later start may
    have found a file that was changed meanwhile, which the other processes do not suffer from.
    """

    name: str
    pid: int
    exit_code: int
    restart_s: float
    is_refusal: bool


class Child:
    """A process of one role; each early death doubles the wait before its next start."""

    def __init__(self, role: str, number: int, *options: str) -> None:
        self.role = role
        self._options = options
        self.name = f"{role}-{number}"
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._start_at_s = 0.0
        self._restart_s = FIRST_RESTART_S
        self._starts = 0
        self._is_asked = False

    @property
    def is_running(self) -> bool:
        """Whether it was started, and its death was not noted."""
        return self._process is not None

    def start_if_due(self, config: Path) -> None:
        """Starts the process, unless it runs or its wait is not over; its log goes where ours goes."""
        if self._process is not None or time.monotonic() < self._start_at_s:
            return
        environment = os.environ | {CONFIG_VARIABLE: str(config), SUPERVISED_VARIABLE: self.name}
        command = [sys.executable, "-m", "osteo_pacs", self.role, *self._options]
        # The pipe is never written to: its end tells the child that its supervisor is gone.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
        self._started_s = time.monotonic()
        self._starts += 1
        self._is_asked = False

    def note_death(self) -> Death | None:
        """The process's death, once; it plans the next start. An end that was asked for is none."""
        if self._process is None or (exit_code := self._process.poll()) is None:
            return None
        if self._is_asked:
            self._forget()
            return None
        now_s = time.monotonic()
        was_steady = now_s - self._started_s > STEADY_AFTER_S
        self._restart_s = FIRST_RESTART_S if was_steady else min(self._restart_s * 2, LAST_RESTART_S)
        self._start_at_s = now_s + self._restart_s
        is_refusal = exit_code == REFUSED and self._starts == 1
        death = Death(self.name, self._process.pid, exit_code, self._restart_s, is_refusal)
        self._forget()
        return death

    def ask_to_end(self) -> None:
        """Sends SIGTERM, if it runs."""
        if self._process is not None and not self._is_asked:
            self._is_asked = True
            self._process.terminate()

    def end_by(self, deadline_s: float) -> bool:
        """Waits for the end until ``deadline_s`` (monotonic), then kills; whether it ended by itself."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        finally:
            self._forget()
        return True

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
