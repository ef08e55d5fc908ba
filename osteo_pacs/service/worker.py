"""A worker's process: reads studies."""

from __future__ import annotations

import gc

from osteo_pacs.config import Settings
from osteo_pacs.service.activity import alerted
from osteo_pacs.service.fence import ASSOCIATIONS, TRAINING
from osteo_pacs.service.process import process


def run(settings: Settings) -> int:
    """Runs until it is asked to end, 0, or until its device can no longer be used, 1."""
    with process("worker", settings, never=ASSOCIATIONS | TRAINING) as (database, stop):
        from osteo_pacs.worker.wiring import wired_loop

        with alerted("worker", settings), wired_loop(settings, database) as loop:
            # What was loaded lives as long as the process: a collection walking through it would delay studies.
            gc.freeze()
            return loop.run(stop)
