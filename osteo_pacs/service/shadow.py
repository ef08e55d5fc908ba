"""The shadow's process: a candidate reads beside the version in service; it yields the processor to all others."""

from __future__ import annotations

import os

from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.service.fence import ASSOCIATIONS, TRAINING
from osteo_pacs.service.process import process

YIELDS = 10
"""Of the scheduler's 20 steps of niceness."""


def run(settings: Settings) -> int:
    """Runs until it is asked to end; 0."""
    os.nice(YIELDS)
    with process("shadow", settings, never=ASSOCIATIONS | TRAINING) as (database, stop):
        from osteo_pacs.worker.shadow import read_along

        read_along(settings, database, stop, utc_now)
    return 0
