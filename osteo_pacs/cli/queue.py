"""``queue list`` and ``queue show``: what is to be done, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.asking import OlderThan
from osteo_pacs.cli.job_options import Destination, Kind, States, Study, job_filter, jobs_of, no_job
from osteo_pacs.cli.output import Json, as_text, print_json, print_table
from osteo_pacs.cli.program import opened_database, settings_of

if TYPE_CHECKING:
    from osteo_pacs.jobs.listing import JobSummary

app = typer.Typer(help="See the jobs; change, pause or drain them.", no_args_is_help=True)

Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The newest N.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    state: States = None,
    kind: Kind = None,
    destination: Destination = None,
    study: Study = None,
    older_than: OlderThan = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List the jobs, the newest first."""
    from osteo_pacs.jobs.listing import list_jobs, paused_subjects

    wanted = job_filter(None, state, kind, destination, study, older_than=older_than)
    with opened_database(settings_of(context)) as database, database.read() as session:
        jobs = list_jobs(session, wanted, limit=limit)
        paused = {pause.subject for pause in paused_subjects(session)}
    if json:
        print_json([job_facts(job, paused) for job in jobs])
        return
    columns = ("id", "kind", "destination", "state", "attempts", "run_at", "study_instance_uid", "last_error")
    rows = [[getattr(job, column) for column in columns] for job in jobs]
    print_table(columns, rows, if_empty="No jobs.", below=columns[-2:])
    if paused:
        typer.echo(f"Paused: {', '.join(map(jobs_of, sorted(paused)))}.", err=True)


@app.command()
def show(
    context: typer.Context,
    job_id: Annotated[int, typer.Argument(metavar="ID", help="The job's number.")],
    *,
    json: Json = False,
) -> None:
    """Show one job."""
    from osteo_pacs.jobs.listing import list_jobs, paused_subjects

    with opened_database(settings_of(context)) as database, database.read() as session:
        jobs = list_jobs(session, job_filter([job_id], None, None, None, None))
        paused = {pause.subject for pause in paused_subjects(session)}
    if not jobs:
        raise no_job(job_id)
    facts = job_facts(jobs[0], paused)
    if json:
        print_json(facts)
        return
    for name, value in facts.items():
        typer.echo(f"{name.replace('_', ' ')}: {as_text(value)}".rstrip())
    if facts["state"] in {"parked", "cancelled"}:
        typer.echo(f"\nNext: `osteo-pacs queue retry {job_id}`.")


def job_facts(job: JobSummary, paused: set[str]) -> dict[str, Any]:
    """A row of ``queue list``; ``is_paused``: no worker begins it until its kind or destination is resumed."""
    subjects = {str(job.kind), f"destination:{job.destination}"}
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "study_instance_uid": job.study_instance_uid,
        "destination": job.destination,
        "attempts": job.attempts,
        "run_at": job.run_at,
        "last_error": job.last_error,
        "priority": job.priority,
        "created_at": job.created_at,
        "claimed_by": job.claimed_by,
        "is_paused": bool(subjects & paused),
    }
