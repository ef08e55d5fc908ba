"""The courier's process: delivers reports."""

from __future__ import annotations

from osteo_pacs.config import Settings
from osteo_pacs.courier import run_courier
from osteo_pacs.service.fence import LEARNING
from osteo_pacs.service.process import process


def run(settings: Settings) -> int:
    """Runs until it is asked to end; 0."""
    with process("courier", settings, never=LEARNING) as (database, stop):
        run_courier(settings, database, stop)
    return 0
