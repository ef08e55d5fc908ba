"""``osteo-pacs serve``: starts every process of one machine, restarts what dies, ends them by a deadline."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from osteo_pacs import log
from osteo_pacs.config import CONFIG_VARIABLE, Settings
from osteo_pacs.service.preflight import check_before_start
from osteo_pacs.service.stop import SUPERVISED_VARIABLE, stop_on_signal

LOOK_EVERY_S = 0.2
FIRST_RESTART_S = 0.5
LAST_RESTART_S = 30.0
STEADY_AFTER_S = 60.0


@dataclass
class Child:
    """One process under supervision; each early death doubles the wait before its next start."""

    role: str
    number: int
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    start_at_s: float = 0.0
    wait_s: float = field(default=FIRST_RESTART_S)

    @property
    def name(self) -> str:
        """``worker-1``: the role and its number."""
        return f"{self.role}-{self.number}"

    def start(self, config: Path) -> None:
        """Starts the process; its log goes where ours goes."""
        environment = os.environ | {CONFIG_VARIABLE: str(config), SUPERVISED_VARIABLE: self.name}
        command = [sys.executable, "-m", "osteo_pacs", self.role]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
        self.started_s = time.monotonic()

    def plan_restart(self, now_s: float) -> None:
        """Waits longer the sooner the process died."""
        lived_s = now_s - self.started_s
        self.wait_s = FIRST_RESTART_S if lived_s > STEADY_AFTER_S else min(self.wait_s * 2, LAST_RESTART_S)
        self.start_at_s = now_s + self.wait_s
        self.process = None


def serve(settings: Settings, config: Path) -> int:
    """Runs until SIGTERM; 0 when every process ended in time, else 1.

    Raises:
        OsteoPacsError: the installation is not fit to start; the message says what to do.
    """
    log.configure(level=settings.log.level, form=settings.log.format, process="supervisor")
    check_before_start(settings, creates_empty_sqlite=True)
    children = _children(settings)
    with stop_on_signal() as stop:
        while not stop.is_set():
            _start_what_is_due(children, config)
            stop.wait(LOOK_EVERY_S)
            _note_deaths(children, stop)
    return _end(children, settings.service.shutdown_s)


def _children(settings: Settings) -> list[Child]:
    counts = {
        "listener": settings.listener.processes,
        "worker": settings.worker.processes,
        "courier": 1,
        "scheduler": 1,
    }
    return [Child(role, number) for role, count in counts.items() for number in range(1, count + 1)]


def _start_what_is_due(children: list[Child], config: Path) -> None:
    for child in children:
        if child.process is None and time.monotonic() >= child.start_at_s:
            child.start(config)


def _note_deaths(children: list[Child], stop: threading.Event) -> None:
    for child in children:
        if child.process is not None and (exit_code := child.process.poll()) is not None and not stop.is_set():
            child.plan_restart(time.monotonic())
            log.get_logger().error(
                "process_died", name=child.name, exit_code=exit_code, seconds=round(child.wait_s, 1)
            )


def _end(children: list[Child], shutdown_s: float) -> int:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline_s = time.monotonic() + shutdown_s
    late = [process for process in running if not _ended_by(process, deadline_s)]
    for process in late:
        process.kill()
        process.wait()
    log.get_logger().info("stopped", count=len(running))
    return 1 if late else 0


def _ended_by(process: subprocess.Popen[bytes], deadline_s: float) -> bool:
    try:
        process.wait(max(0.0, deadline_s - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True
