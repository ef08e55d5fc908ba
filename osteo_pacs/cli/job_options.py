"""How jobs are named on the command line: by number or by what they have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.choices import JobKindName, JobStateName
from osteo_pacs.cli.completion import destination_names
from osteo_pacs.cli.program import NotFound
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.jobs.filters import JobFilter

Ids = Annotated[
    list[int] | None, typer.Argument(metavar="[ID]...", help="Jobs by their numbers.", show_default=False)
]
States = Annotated[
    list[JobStateName] | None,
    typer.Option(
        "--state", metavar="STATE", help=f"Jobs in this state: {', '.join(JobStateName)}. May be repeated."
    ),
]
Kind = Annotated[
    JobKindName | None, typer.Option("--kind", metavar="KIND", help="Jobs of this kind: infer or deliver.")
]
Destination = Annotated[
    str | None,
    typer.Option(
        "--destination", metavar="NAME", autocompletion=destination_names, help="Jobs for this destination."
    ),
]
Study = Annotated[str | None, typer.Option("--study", metavar="STUDY_INSTANCE_UID", help="Jobs of this study.")]


def job_filter(
    ids: list[int] | None,
    states: list[JobStateName] | None,
    kind: JobKindName | None,
    destination: str | None,
    study: str | None,
    *,
    older_than: timedelta | None = None,
) -> JobFilter:
    """The jobs for which everything that is given holds."""
    from osteo_pacs.jobs.filters import JobFilter
    from osteo_pacs.jobs.states import JobKind, JobState

    return JobFilter(
        job_ids=ids or None,
        states=[JobState(state) for state in states] if states else None,
        kind=JobKind(kind) if kind else None,
        destination=destination,
        study_instance_uid=study,
        still_before=utc_now() - older_than if older_than else None,
    )


def no_job(job_id: int) -> NotFound:
    """The error for a number that no job has."""
    return NotFound(f"job {job_id}.", remedy="`osteo-pacs queue list` shows the numbers.")


def jobs_of(subject: str) -> str:
    """The jobs of a pause's subject in words: `infer` or `destination:NAME`."""
    from osteo_pacs.jobs.states import SUBJECT_OF_DESTINATION

    name = subject.removeprefix(SUBJECT_OF_DESTINATION)
    return f"jobs for {name}" if name != subject else f"{subject} jobs"
