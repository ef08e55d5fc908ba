"""``queue retry|cancel|pause|resume``: what a person does about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.choices import JobKindName, JobStateName
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.job_options import Destination, Ids, Kind, States, Study, job_filter, jobs_of, no_job
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.cli.queue import app
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.session import Session
    from osteo_pacs.jobs.admin import ChangedJob
    from osteo_pacs.jobs.filters import JobFilter

All = Annotated[bool, typer.Option("--all", help="Every job.")]
__all__ = ["app"]

Change = Callable[["Session", "JobFilter"], "Sequence[ChangedJob]"]


@app.command()
def retry(
    context: typer.Context,
    ids: Ids = None,
    *,
    all_jobs: All = False,
    state: States = None,
    kind: Kind = None,
    destination: Destination = None,
    study: Study = None,
    json: Json = False,
) -> None:
    """Make jobs due now, with all their attempts.

    Parked jobs and those that wait for their next attempt; cancelled ones where they are named by number or state.
    """
    from osteo_pacs.jobs import admin

    named = bool(ids or state)
    wanted = job_filter(
        ids, state if named else [JobStateName.PARKED, JobStateName.RETRYABLE], kind, destination, study
    )
    _require_choice(all_jobs, ids, state, kind, destination, study)
    _change(
        context, ids, wanted, lambda session, f: admin.retry(session, f, utc_now()), "made due now", is_json=json
    )


@app.command()
def cancel(
    context: typer.Context,
    ids: Ids = None,
    *,
    all_jobs: All = False,
    state: States = None,
    kind: Kind = None,
    destination: Destination = None,
    study: Study = None,
    json: Json = False,
) -> None:
    """Stop jobs that are not done; a worker that has one drops it."""
    from osteo_pacs.jobs import admin

    _require_choice(all_jobs, ids, state, kind, destination, study)
    wanted = job_filter(ids, state, kind, destination, study)
    _change(
        context, ids, wanted, lambda session, f: admin.cancel(session, f, utc_now()), "cancelled", is_json=json
    )


@app.command()
def pause(
    context: typer.Context, *, kind: Kind = None, destination: Destination = None, json: Json = False
) -> None:
    """Begin no more jobs of a kind, or for a destination.

    What is being done is finished. A reading that is paused still receives studies.
    """
    from osteo_pacs.jobs import admin

    settings = settings_of(context)
    subject = _subject(kind, destination)
    if destination is not None:
        _require_destination(settings, destination)
    with opened_database(settings) as database, database.write() as session:
        if changed := admin.pause(session, subject, utc_now()):
            _tell_of_switch(session, subject, is_on=False)
    _tell_pause(subject, changed, "Paused" if changed else "Paused already", is_json=json)


@app.command()
def resume(
    context: typer.Context, *, kind: Kind = None, destination: Destination = None, json: Json = False
) -> None:
    """Begin jobs again that were paused."""
    from osteo_pacs.jobs import admin

    subject = _subject(kind, destination)
    with opened_database(settings_of(context)) as database, database.write() as session:
        if changed := admin.resume(session, subject):
            _tell_of_switch(session, subject, is_on=True)
    _tell_pause(subject, changed, "Resumed" if changed else "Not paused", is_json=json)


def _change(
    context: typer.Context, ids: list[int] | None, wanted: JobFilter, change: Change, done: str, *, is_json: bool
) -> None:
    with opened_database(settings_of(context)) as database, database.write() as session:
        before = _states(session, ids)
        jobs = change(session, wanted)
        _tell_of_change(session, done, jobs)
        after = _states(session, ids)
    changed = len(jobs)
    if is_json:
        print_json({"changed": changed})
    else:
        typer.echo(f"{changed} {'job' if changed == 1 else 'jobs'} {done}.")
    if changed < len(before):
        for job_id in before:
            if after[job_id] == before[job_id]:
                typer.echo(f"Job {job_id} is {after[job_id]}, and stays so.", err=True)
        raise typer.Exit(ExitCode.FAILED)


def _states(session: Session, ids: list[int] | None) -> dict[int, str]:
    """The states of the jobs that were named by number, in their order.

    Raises:
        NotFound: one of them is not there.
    """
    from osteo_pacs.jobs.listing import list_jobs

    jobs = list_jobs(session, job_filter(ids, None, None, None, None), limit=len(ids)) if ids else []
    states = {job.id: str(job.state) for job in jobs}
    for job_id in ids or ():
        if job_id not in states:
            raise no_job(job_id)
    return {job_id: states[job_id] for job_id in ids or ()}


def _tell_of_change(session: Session, done: str, jobs: Sequence[ChangedJob]) -> None:
    """One event for each study: a message may speak of one patient only (PS3.15 A.5.3.15)."""
    from osteo_pacs.audit.events import jobs_changed
    from osteo_pacs.db import audit

    by_study: dict[str, list[int]] = defaultdict(list)
    for job in jobs:
        by_study[job.study_instance_uid].append(job.job_id)
    person, now = who_types(), utc_now()
    audit.append(session, *(jobs_changed(done, uid, ids, now, by=person) for uid, ids in by_study.items()))


def _tell_of_switch(session: Session, subject: str, *, is_on: bool) -> None:
    from osteo_pacs.audit.events import lane_switched
    from osteo_pacs.db import audit
    from osteo_pacs.dicom.audit import EventType

    kind = EventType.APPLICATION_START if is_on else EventType.APPLICATION_STOP
    audit.append(session, lane_switched(subject, kind, utc_now(), by=who_types()))


def _require_choice(all_jobs: bool, *choices: object) -> None:  # noqa: FBT001 - it is one choice among others
    if all_jobs == any(choices):
        raise typer.BadParameter("name jobs by number or by a filter, or all of them by --all", param_hint="ID")


def _subject(kind: JobKindName | None, destination: str | None) -> str:
    from osteo_pacs.jobs import admin
    from osteo_pacs.jobs.states import JobKind

    try:
        return admin.subject(kind=JobKind(kind) if kind else None, destination=destination)
    except ValueError as error:
        raise typer.BadParameter(
            "name either a kind or a destination", param_hint="--kind, --destination"
        ) from error


def _require_destination(settings: Settings, name: str) -> None:
    names = [destination.name for destination in settings.destinations]
    if name not in names:
        known = (
            f"The configuration has: {', '.join(names)}."
            if names
            else "The configuration has no [[destinations]]."
        )
        raise NotFound(f"destination {name}.", remedy=known)


def _tell_pause(subject: str, changed: int, done: str, *, is_json: bool) -> None:
    if is_json:
        print_json({"subject": subject, "changed": changed})
    else:
        typer.echo(f"{done}: {jobs_of(subject)}.")
