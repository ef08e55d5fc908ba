"""The listener's process: takes studies."""

from __future__ import annotations

from osteo_pacs.config import Settings
from osteo_pacs.receive.listener import run_listener
from osteo_pacs.service.fence import LEARNING
from osteo_pacs.service.process import process
from osteo_pacs.spool import Spool


def run(settings: Settings) -> int:
    """Runs until it is asked to end; 0."""
    with process("listener", settings, never=LEARNING) as (database, stop):
        spool = Spool(settings.spool.directory)
        spool.require_writable()
        run_listener(settings, database, spool, stop)
    return 0
