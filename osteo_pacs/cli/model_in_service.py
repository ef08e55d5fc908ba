"""``model promote|rollback|retire|shadow``: what a person does with a model version."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.model_choice import Version, chosen_version
from osteo_pacs.cli.model_registry import app, serving_facts
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.db.model_versions import KnownModelVersion
    from osteo_pacs.db.session import Database
    from osteo_pacs.retrain.registry.promotion import Change

__all__ = ["app"]

LOOK_EVERY_S = 0.2

Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait until every worker reads with it."),
]


@app.command()
def promote(
    context: typer.Context,
    version: Version,
    *,
    override: Annotated[bool, typer.Option("--override", help="Without a passed gate; needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why without the gate.")] = "",
    wait: Wait = 60,
    json: Json = False,
) -> None:
    """Put a model version into service.

    It must have passed the gate against the version in service, unless it was in service before, and it reads a
    simulated spine first. Then every worker on every host takes it up between two batches, and the command waits
    until they have; the exit status tells if one could not.
    """
    if override != bool(reason.strip()):
        raise typer.BadParameter("--override and --reason TEXT go together", param_hint="--override, --reason")
    from osteo_pacs.retrain.registry.promotion import promote as put_into_service

    with _change(context) as change:
        candidate = _chosen(change, version)
        put_into_service(change, candidate, reason.strip() or None)
        _tell(change.database, candidate, "in service", wait, is_json=json)


@app.command()
def rollback(context: typer.Context, *, wait: Wait = 60, json: Json = False) -> None:
    """Put the version before back into service.

    It is the one that the last promotion replaced, and needs no gate. A second rollback goes one promotion
    further back.
    """
    from osteo_pacs.retrain.registry.promotion import roll_back

    with _change(context) as change:
        _tell(change.database, roll_back(change), "in service again", wait, is_json=json)


@app.command()
def retire(context: typer.Context, version: Version, *, json: Json = False) -> None:
    """Say that a candidate is not wanted."""
    from osteo_pacs.retrain.registry.promotion import retire as put_away

    with _change(context) as change:
        candidate = _chosen(change, version)
        put_away(change, candidate)
    if json:
        print_json({"version": candidate.version, "retired": True})
    else:
        typer.echo(f"Retired: model version {candidate.version}.")


@app.command()
def shadow(
    context: typer.Context,
    version: Annotated[str | None, typer.Argument(metavar="[VERSION]", help="A candidate.")] = None,
    *,
    off: Annotated[bool, typer.Option("--off", help="No version reads beside the one in service.")] = False,
    json: Json = False,
) -> None:
    """Let a candidate read beside the version in service.

    Each report's input is read by it too, after the report is settled, in a process of its own. What it says is
    kept and compared (`model show`), and never sent.
    """
    if off == bool(version):
        raise typer.BadParameter("name a version, or --off", param_hint="VERSION, --off")
    from osteo_pacs.retrain.registry.promotion import cast_shadow, end_shadow

    with _change(context) as change:
        if version:
            found: KnownModelVersion | None = cast_shadow(change, _chosen(change, version))
        else:
            found = end_shadow(change)
    if json:
        print_json({"version": found.version if found else None, "is_shadow": not off})
    elif found is None:
        typer.echo("No version read as a shadow.")
    else:
        typer.echo(f"Model version {found.version} {'no longer reads' if off else 'reads'} as a shadow.")


@contextmanager
def _change(context: typer.Context) -> Iterator[Change]:
    from osteo_pacs.model_store import ModelStore
    from osteo_pacs.retrain.registry.promotion import Change
    from osteo_pacs.retrain.registry.trial import try_bundle

    settings = settings_of(context)
    with opened_database(settings) as database:
        yield Change(
            database=database,
            store=ModelStore(settings.model_store),
            by=who_types(),
            clock=utc_now,
            trial=lambda folder: try_bundle(folder, settings.model.public_key),
        )


def _chosen(change: Change, version: str) -> KnownModelVersion:
    with change.database.read() as session:
        return chosen_version(session, version)


def _tell(database: Database, known: KnownModelVersion, what: str, wait_s: float, *, is_json: bool) -> None:
    workers = _workers_after(database, known, wait_s)
    behind = [each for each in workers if each["version"] != known.version]
    if is_json:
        print_json({"version": known.version, "id": known.id, "workers": workers})
    else:
        there = f"{len(workers) - len(behind)} of {len(workers)} workers read with it"
        typer.echo(f"Model version {known.version} is {what}: {there}.")
        for each in behind:
            told = each["failure"] or "not yet; `osteo-pacs model show` tells when it does"
            typer.echo(f"Worker {each['worker']} still reads with {each['version']}: {told}", err=True)
    if behind:
        raise typer.Exit(ExitCode.FAILED)


def _workers_after(database: Database, known: KnownModelVersion, wait_s: float) -> list[dict[str, Any]]:
    """Every worker, once each has taken the version up, or could not, or the time is over."""
    from osteo_pacs.db import model_serving, model_versions

    ends_s = time.monotonic() + wait_s
    while True:
        with database.read() as session:
            serving = model_serving.list_serving(session, utc_now())
            versions = {each.id: each.version for each in model_versions.list_model_versions(session)}
        waiting = [
            each for each in serving if known.id not in {each.model_version_id, each.failed_model_version_id}
        ]
        if not waiting or time.monotonic() >= ends_s:
            return [serving_facts(each, versions) for each in serving]
        time.sleep(LOOK_EVERY_S)
