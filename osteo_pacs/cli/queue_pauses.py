"""``queue pause|resume|drain``: no new work is begun, and begun again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.choices import JobKindName
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.job_options import Destination, Kind, jobs_of
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.cli.progress import waiting
from osteo_pacs.cli.queue_order import jobs_in_words
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.session import Database, Session
    from osteo_pacs.jobs.filters import JobFilter
    from osteo_pacs.jobs.listing import JobSummary

LOOK_EVERY_S = 0.25
QUIET_LOOKS = 4
"""Looks in a row that find nothing claimed: who looked into the queue before it was paused claims within them."""

TimeoutS = Annotated[float, typer.Option("--timeout-s", metavar="SECONDS", min=0, help="Longest wait.")]


def pause(
    context: typer.Context, *, kind: Kind = None, destination: Destination = None, json: Json = False
) -> None:
    """Begin no more jobs of a kind, or for a destination.

    What is being done is finished. A reading that is paused still receives studies.
    """
    settings = settings_of(context)
    subject = _subject(kind, destination)
    if destination is not None:
        _require_destination(settings, destination)
    with opened_database(settings) as database:
        changed = _paused(database, [subject])
    _tell_pause(subject, changed, "Paused" if changed else "Paused already", is_json=json)


def resume(
    context: typer.Context,
    *,
    kind: Kind = None,
    destination: Destination = None,
    all_paused: Annotated[bool, typer.Option("--all", help="Everything that is paused.")] = False,
    json: Json = False,
) -> None:
    """Begin jobs again that were paused or drained."""
    if all_paused == bool(kind or destination):
        raise typer.BadParameter("name a kind or a destination, or everything by --all", param_hint="--all")
    with opened_database(settings_of(context)) as database:
        if all_paused:
            _resume_all(database, is_json=json)
            return
        subject = _subject(kind, destination)
        with database.write() as session:
            changed = _resumed(session, subject)
    _tell_pause(subject, changed, "Resumed" if changed else "Not paused", is_json=json)


def drain(
    context: typer.Context,
    *,
    kind: Kind = None,
    destination: Destination = None,
    timeout_s: TimeoutS = 600,
    json: Json = False,
) -> None:
    """Begin no new work, and wait until what was begun has ended.

    All kinds of job, or one, or those for one destination. They stay paused: `osteo-pacs queue resume --all`
    begins again. Studies are still received and wait. The exit code is 1 when something has not ended in time.
    """
    settings = settings_of(context)
    if destination is not None:
        _require_destination(settings, destination)
    one = _subject(kind, destination) if kind or destination else None
    subjects = [one] if one else [_subject(name, None) for name in JobKindName]
    with opened_database(settings) as database:
        _paused(database, subjects)
        left = _wait(database, _claimed(kind, destination), timeout_s, is_shown=not json)
    _tell_drained(subjects, left, is_json=json)
    if left:
        raise typer.Exit(ExitCode.FAILED)


def _paused(database: Database, subjects: Iterable[str]) -> int:
    from osteo_pacs.jobs import admin

    changed = 0
    with database.write() as session:
        for subject in subjects:
            if admin.pause(session, subject, utc_now()):
                _tell_of_switch(session, subject, is_on=False)
                changed += 1
    return changed


def _resumed(session: Session, subject: str) -> int:
    from osteo_pacs.jobs import admin

    if changed := admin.resume(session, subject):
        _tell_of_switch(session, subject, is_on=True)
    return changed


def _resume_all(database: Database, *, is_json: bool) -> None:
    from osteo_pacs.jobs.listing import paused_subjects

    with database.write() as session:
        subjects = [paused.subject for paused in paused_subjects(session)]
        changed = sum(_resumed(session, subject) for subject in subjects)
    if is_json:
        print_json({"subjects": subjects, "changed": changed})
    else:
        typer.echo(f"Resumed: {', '.join(map(jobs_of, subjects))}." if subjects else "Nothing was paused.")


def _claimed(kind: JobKindName | None, destination: str | None) -> JobFilter:
    from osteo_pacs.jobs.filters import JobFilter
    from osteo_pacs.jobs.states import JobKind, JobState

    return JobFilter(states=[JobState.CLAIMED], kind=JobKind(kind) if kind else None, destination=destination)


def _wait(database: Database, claimed: JobFilter, timeout_s: float, *, is_shown: bool) -> list[JobSummary]:
    """What has not ended in time."""
    from osteo_pacs.jobs.listing import list_jobs

    ends_s, quiet = time.monotonic() + timeout_s, 0
    with waiting("Waiting for what was begun", is_shown=is_shown) as tell:
        while quiet < QUIET_LOOKS:
            with database.read() as session:
                left = list_jobs(session, claimed)
            if left and time.monotonic() >= ends_s:
                return left
            quiet = 0 if left else quiet + 1
            tell(jobs_in_words(len(left)))
            time.sleep(LOOK_EVERY_S)
    return []


def _tell_drained(subjects: list[str], left: list[JobSummary], *, is_json: bool) -> None:
    if is_json:
        jobs = [{"id": job.id, "kind": job.kind, "claimed_by": job.claimed_by} for job in left]
        print_json({"subjects": subjects, "is_drained": not left, "left": jobs})
        return
    for job in left:
        typer.echo(f"Job {job.id} ({job.kind}) is still with {job.claimed_by}.", err=True)
    paused = ", ".join(map(jobs_of, subjects))
    if left:
        typer.echo(
            f"Paused: {paused}. {jobs_in_words(len(left))} not ended in time; `osteo-pacs queue drain` waits on."
        )
    else:
        typer.echo(f"Drained: {paused}. Nothing is being done. `osteo-pacs queue resume --all` begins again.")


def _tell_of_switch(session: Session, subject: str, *, is_on: bool) -> None:
    from osteo_pacs.audit.events import lane_switched
    from osteo_pacs.db import audit
    from osteo_pacs.dicom.audit import EventType

    kind = EventType.APPLICATION_START if is_on else EventType.APPLICATION_STOP
    audit.append(session, lane_switched(subject, kind, utc_now(), by=who_types()))


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


COMMANDS: tuple[Callable[..., None], ...] = (pause, resume, drain)
