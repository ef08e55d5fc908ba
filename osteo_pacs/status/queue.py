"""How deep the queue is, by kind and state, and since when its oldest job has been due."""

from __future__ import annotations

from osteo_pacs.jobs.listing import count_jobs, oldest_due_at
from osteo_pacs.jobs.states import JobKind, JobState
from osteo_pacs.status.section import Section, View, ago, aligned


def look(view: View) -> Section:
    """A row for each kind of job."""
    counts = count_jobs(view.session)
    oldest = {kind: oldest_due_at(view.session, view.now, kind) for kind in JobKind}
    facts = {
        kind: {
            "states": {state: counts.get((kind, state), 0) for state in JobState},
            "oldest_due_at": oldest[kind],
        }
        for kind in JobKind
    }
    rows = [
        ("", *JobState, "oldest due"),
        *(
            (
                kind,
                *(counts.get((kind, state), 0) for state in JobState),
                f"{ago(view.now - since)} ago" if (since := oldest[kind]) else "",
            )
            for kind in JobKind
        ),
    ]
    parked = sum(counts.get((kind, JobState.PARKED), 0) for kind in JobKind)
    are = "job is" if parked == 1 else "jobs are"
    needs = (f"{parked} {are} parked: `osteo-pacs queue list --state parked`.",) if parked else ()
    return Section("queue", facts, aligned(rows), needs)
