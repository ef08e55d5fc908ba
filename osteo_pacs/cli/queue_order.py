"""One order to the queue: which jobs it means, how many, and what is said when it is carried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from osteo_pacs.cli.asking import WITHOUT_ASKING, confirm
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.job_options import job_filter, no_job
from osteo_pacs.cli.output import print_json, print_table
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.cli.queue import job_facts
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.db.session import Database, Session
    from osteo_pacs.jobs.admin import ChangedJob
    from osteo_pacs.jobs.filters import JobFilter
    from osteo_pacs.jobs.listing import JobSummary

SHOWN = 20
"""Jobs that a dry run lists; it counts them all."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person orders.

    Attributes:
        ids: the jobs that were named by number.
        target: the jobs that would be changed.
        change: changes them, and tells which.
        done: what has become of them, in the audit trail's words.
        why_not: why one that was named is not changed, after its state.
    """

    ids: Sequence[int]
    target: JobFilter
    change: Callable[[Session], Sequence[ChangedJob]]
    done: str
    why_not: str = "and stays so"


def carry_out(context: typer.Context, order: Order, *, dry_run: bool, yes: bool, is_json: bool) -> None:
    """Counts, asks where much is meant, changes, and says how much was changed.

    Raises:
        NotFound: a job that was named is not there.
        NotConfirmed: much is meant, and nobody is there to be asked.
    """
    with opened_database(settings_of(context)) as database:
        if dry_run:
            _show(database, order, is_json=is_json)
            return
        if not order.ids and not yes:
            _ask(context, database, order, is_json=is_json)
        with database.write() as session:
            before = _states(session, order.ids)
            jobs = order.change(session)
            _tell_of_change(session, order.done, jobs)
    _say(order, before, {job.job_id for job in jobs}, is_json=is_json)


def _ask(context: typer.Context, database: Database, order: Order, *, is_json: bool) -> None:
    from osteo_pacs.jobs.listing import count_matching

    with database.read() as session:
        count = count_matching(session, order.target)
    if count > WITHOUT_ASKING:
        confirm(context, f"{jobs_in_words(count)} would be {order.done}.", is_json=is_json)


def _show(database: Database, order: Order, *, is_json: bool) -> None:
    from osteo_pacs.jobs.listing import count_matching, list_jobs

    with database.read() as session:
        count = count_matching(session, order.target)
        jobs = list_jobs(session, order.target, limit=SHOWN)
    if is_json:
        print_json({"would_change": count, "jobs": [job_facts(job, set()) for job in jobs]})
        return
    print_jobs(jobs)
    more = f", {SHOWN} of them shown" if count > SHOWN else ""
    typer.echo(f"{jobs_in_words(count)} would be {order.done}{more}. Nothing was changed.")


def print_jobs(jobs: Sequence[JobSummary]) -> None:
    """Jobs as a table."""
    columns = ("id", "kind", "destination", "state", "attempts", "run_at", "study_instance_uid", "last_error")
    rows = [[getattr(job, column) for column in columns] for job in jobs]
    print_table(columns, rows, if_empty="No jobs.", below=columns[-2:])


def jobs_in_words(count: int) -> str:
    """A number of jobs."""
    return f"{count} {'job' if count == 1 else 'jobs'}"


def _say(order: Order, before: dict[int, str], changed: set[int], *, is_json: bool) -> None:
    if is_json:
        print_json({"changed": len(changed)})
    else:
        typer.echo(f"{jobs_in_words(len(changed))} {order.done}.")
    if left := [job_id for job_id in before if job_id not in changed]:
        for job_id in left:
            typer.echo(f"Job {job_id} is {before[job_id]}, {order.why_not}.", err=True)
        raise typer.Exit(ExitCode.FAILED)


def _states(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The states of the jobs that were named by number, in their order.

    Raises:
        NotFound: one of them is not there.
    """
    from osteo_pacs.jobs.listing import list_jobs

    jobs = list_jobs(session, job_filter([*ids], None, None, None, None), limit=len(ids)) if ids else []
    states = {job.id: str(job.state) for job in jobs}
    for job_id in ids:
        if job_id not in states:
            raise no_job(job_id)
    return {job_id: states[job_id] for job_id in ids}


def _tell_of_change(session: Session, done: str, jobs: Sequence[ChangedJob]) -> None:
    """One event for each study: a message may speak of one patient only (PS3.15 A.5.3.15)."""
    from osteo_pacs.audit.events import jobs_changed
    from osteo_pacs.db import audit

    by_study: dict[str, list[int]] = defaultdict(list)
    for job in jobs:
        by_study[job.study_instance_uid].append(job.job_id)
    person, now = who_types(), utc_now()
    audit.append(session, *(jobs_changed(done, uid, ids, now, by=person) for uid, ids in by_study.items()))
