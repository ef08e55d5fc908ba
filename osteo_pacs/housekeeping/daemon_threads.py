"""An executor for APScheduler whose threads do not outlive the process.

Its own pool is joined when the interpreter ends, so that one duty that hangs would keep a process alive that was
to be started again.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job


class DaemonThreadExecutor(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Runs every duty in a daemon thread of its own."""

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        threading.Thread(target=self._run, args=(job, run_times), name=job.id, daemon=True).start()

    def _run(self, job: Any, run_times: list[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)  # noqa: SLF001 - its executors do
        except BaseException:  # noqa: BLE001 - without a word of it the job would count as running for ever
            self._run_job_error(job.id, *sys.exc_info()[1:])
        else:
            self._run_job_success(job.id, events)
