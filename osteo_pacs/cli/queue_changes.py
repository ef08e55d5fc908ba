"""``queue retry|cancel|prioritize|purge``: what a person does about jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from osteo_pacs.cli.asking import DryRun, OlderThan, Yes
from osteo_pacs.cli.choices import JobStateName
from osteo_pacs.cli.job_options import Destination, Ids, Kind, States, Study, job_filter
from osteo_pacs.cli.output import Json
from osteo_pacs.cli.queue_order import Order, carry_out
from osteo_pacs.clock import utc_now

LIMIT = 1000
All = Annotated[bool, typer.Option("--all", help="Every job.")]
Priority = Annotated[
    int,
    typer.Option(
        "--priority", metavar="N", min=-LIMIT, max=LIMIT, help="The smaller, the sooner; new jobs have 0."
    ),
]


def retry(
    context: typer.Context,
    ids: Ids = None,
    *,
    all_jobs: All = False,
    state: States = None,
    kind: Kind = None,
    destination: Destination = None,
    study: Study = None,
    older_than: OlderThan = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Make jobs due now, with all their attempts.

    Parked jobs and those that wait for their next attempt; cancelled ones where they are named by number or state.
    """
    from osteo_pacs.jobs import admin

    _require_choice(all_jobs, ids, state, kind, destination, study, older_than)
    meant = state if ids or state else [JobStateName.PARKED, JobStateName.RETRYABLE]
    wanted = job_filter(ids, meant, kind, destination, study, older_than=older_than)
    order = Order(
        ids or (),
        wanted.within(admin.RETRIABLE),
        lambda session: admin.retry(session, wanted, utc_now()),
        "made due now",
    )
    carry_out(context, order, dry_run=dry_run, yes=yes, is_json=json)


def cancel(
    context: typer.Context,
    ids: Ids = None,
    *,
    all_jobs: All = False,
    state: States = None,
    kind: Kind = None,
    destination: Destination = None,
    study: Study = None,
    older_than: OlderThan = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Stop jobs that are not done; a worker that has one drops it."""
    from osteo_pacs.jobs import admin

    _require_choice(all_jobs, ids, state, kind, destination, study, older_than)
    wanted = job_filter(ids, state, kind, destination, study, older_than=older_than)
    order = Order(
        ids or (),
        wanted.within(admin.CANCELLABLE),
        lambda session: admin.cancel(session, wanted, utc_now()),
        "cancelled",
    )
    carry_out(context, order, dry_run=dry_run, yes=yes, is_json=json)


def prioritize(
    context: typer.Context,
    ids: Ids = None,
    *,
    priority: Priority = -10,
    all_jobs: All = False,
    state: States = None,
    kind: Kind = None,
    destination: Destination = None,
    study: Study = None,
    older_than: OlderThan = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Have jobs that wait done before others, or after them.

    Jobs of a kind, and of a destination, are begun by their priority, then by the time since which they are due.
    """
    from osteo_pacs.jobs import admin
    from osteo_pacs.jobs.states import LIVE

    _require_choice(all_jobs, ids, state, kind, destination, study, older_than)
    wanted = job_filter(ids, state, kind, destination, study, older_than=older_than)
    order = Order(
        ids or (),
        wanted.within(LIVE),
        lambda session: admin.prioritize(session, wanted, priority),
        f"given priority {priority}",
        "and waits for nothing",
    )
    carry_out(context, order, dry_run=dry_run, yes=yes, is_json=json)


def purge(
    context: typer.Context,
    ids: Ids = None,
    *,
    all_jobs: All = False,
    state: States = None,
    kind: Kind = None,
    destination: Destination = None,
    study: Study = None,
    older_than: OlderThan = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove jobs that have ended and tell nothing any more.

    Completed and cancelled ones; parked ones where they are named by number or state. How a study stands is told
    from its newest reading and from the deliveries of its newest report: these stay as long as the study does,
    and `osteo-pacs study forget` removes them with it. What is yet to be done is never removed.
    """
    from osteo_pacs.jobs import admin

    _require_choice(all_jobs, ids, state, kind, destination, study, older_than)
    meant = state if ids or state else [JobStateName.COMPLETED, JobStateName.CANCELLED]
    wanted = job_filter(ids, meant, kind, destination, study, older_than=older_than)
    order = Order(
        ids or (),
        admin.spare(wanted),
        lambda session: admin.purge(session, wanted),
        "removed",
        "and stays: it is yet to be done, or tells how its study stands",
    )
    carry_out(context, order, dry_run=dry_run, yes=yes, is_json=json)


def _require_choice(all_jobs: bool, *choices: object) -> None:  # noqa: FBT001 - it is one choice among others
    if all_jobs == any(choices):
        raise typer.BadParameter("name jobs by number or by a filter, or all of them by --all", param_hint="ID")


COMMANDS: tuple[Callable[..., None], ...] = (retry, cancel, prioritize, purge)
