"""A worker's process: reads studies."""

from __future__ import annotations

from osteo_pacs.config import Settings
from osteo_pacs.service.process import process
from osteo_pacs.worker.wiring import wired_loop


def run(settings: Settings) -> int:
    """Runs until it is asked to end, 0, or until its device can no longer be used, 1."""
    with process("worker", settings) as (database, stop), wired_loop(settings, database) as loop:
        return loop.run(stop)
