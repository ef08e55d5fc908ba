"""The composition root: from settings to wired processes, and the one that supervises them."""

from osteo_pacs.service.processes import (
    run_courier_process,
    run_listener_process,
    run_scheduler_process,
    run_worker_process,
)
from osteo_pacs.service.supervisor import serve

__all__ = [
    "run_courier_process",
    "run_listener_process",
    "run_scheduler_process",
    "run_worker_process",
    "serve",
]
