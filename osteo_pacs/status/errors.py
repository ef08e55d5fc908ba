"""The last errors of jobs that are not done."""

from __future__ import annotations

from osteo_pacs.jobs.filters import JobFilter
from osteo_pacs.jobs.listing import list_jobs
from osteo_pacs.jobs.states import JobState
from osteo_pacs.status.section import Section, View, aligned

SHOWN = 5


def look(view: View) -> Section:
    """The newest jobs that failed and have not been done since."""
    failed = JobFilter(states=[JobState.RETRYABLE, JobState.PARKED])
    found = [job for job in list_jobs(view.session, failed, limit=SHOWN) if job.last_error]
    facts = [
        {
            "id": job.id,
            "kind": job.kind,
            "destination": job.destination,
            "state": job.state,
            "attempts": job.attempts,
            "last_error": job.last_error,
        }
        for job in found
    ]
    rows = [(job.id, job.kind, job.destination or "", job.state, job.last_error) for job in found]
    return Section("errors", facts, aligned(rows) if rows else ("None.",))
