"""``retention``: what would go, why, and what stays; and to let it go now."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.output import Json, print_json, print_table
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osteo_pacs.housekeeping.retention import Gone, Keeper
    from osteo_pacs.housekeeping.retention_plan import Going, Plan, Rules, Staying

WITHOUT_ASKING = 10
"""Studies that may go without a word."""
MIB = 1 << 20

app = typer.Typer(help="See what of the studies would go, and let it go.", no_args_is_help=True)


@app.command()
def plan(context: typer.Context, *, json: Json = False) -> None:
    """Show what would go, what stays, and why; nothing is changed."""
    with _opened(context) as keeper:
        _show(keeper.plan(), keeper.rules, is_json=json)


@app.command()
def run(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and change nothing.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help=f"Do not ask, however many studies go; else above {WITHOUT_ASKING}.")
    ] = False,
    json: Json = False,
) -> None:
    """Let go now what the plan names, as the scheduler does by itself."""
    with _opened(context) as keeper:
        found = keeper.plan()
        if dry_run:
            _show(found, keeper.rules, is_json=json)
            return
        if len(found.going) > WITHOUT_ASKING and not yes:
            _ask(found, is_json=json)
        gone = keeper.carry_out(found)
        free_bytes = keeper.spool.free_bytes()
    if json:
        print_json(gone_facts(gone, free_bytes))
    else:
        typer.echo(
            f"{gone.instances} instances of {gone.studies} studies removed, {gone.forgotten} studies forgotten, "
            f"{gone.quarantined} files of quarantine removed: {_mib(gone.size_bytes)}."
        )


def plan_facts(plan: Plan, rules: Rules) -> dict[str, Any]:
    """The whole plan."""
    return {
        "free_bytes": plan.free_bytes,
        "min_free_bytes": rules.marks.min_free_mib * MIB,
        "low_free_bytes": rules.marks.low_free_mib * MIB,
        "high_free_bytes": rules.marks.high_free_mib * MIB,
        "size_bytes": plan.size_bytes,
        "going": [going_facts(going) for going in plan.going],
        "staying": [staying_facts(staying) for staying in plan.staying],
        "quarantine": {"files": len(plan.quarantine), "size_bytes": sum(plan.quarantine.values())},
    }


def going_facts(going: Going) -> dict[str, Any]:
    """What goes of a study."""
    return {
        "study_instance_uid": going.study_instance_uid,
        "what": going.what,
        "because": going.because,
        "state": going.state,
        "active_at": going.active_at,
        "instances": going.instances,
        "size_bytes": going.size_bytes,
    }


def staying_facts(staying: Staying) -> dict[str, Any]:
    """The studies that stay for one reason."""
    return {"reason": staying.reason, "studies": staying.studies, "size_bytes": staying.size_bytes}


def gone_facts(gone: Gone, free_bytes: int) -> dict[str, Any]:
    """What ``retention run`` did; ``free_bytes`` is what is free now."""
    return {
        "studies": gone.studies,
        "instances": gone.instances,
        "forgotten": gone.forgotten,
        "quarantined": gone.quarantined,
        "size_bytes": gone.size_bytes,
        "free_bytes": free_bytes,
    }


@contextmanager
def _opened(context: typer.Context) -> Iterator[Keeper]:
    from osteo_pacs.audit.events import COMMAND_LINE
    from osteo_pacs.housekeeping.retention import Keeper
    from osteo_pacs.housekeeping.retention_plan import Rules
    from osteo_pacs.spool import Spool

    settings = settings_of(context)
    if not settings.spool.directory.is_dir():
        raise NotFound(f"spool {settings.spool.directory}.", remedy="The service makes it when it starts.")
    with opened_database(settings) as database:
        spool, rules = Spool(settings.spool.directory), Rules.of(settings)
        yield Keeper(database, spool, rules, COMMAND_LINE, utc_now, by=who_types())


def _show(found: Plan, rules: Rules, *, is_json: bool) -> None:
    if is_json:
        print_json(plan_facts(found, rules))
        return
    columns = ("what", "because", "state", "active_at", "instances", "size_bytes", "study_instance_uid")
    rows = [[getattr(going, column) for column in columns] for going in found.going]
    print_table(columns, rows, if_empty="Nothing of a study would go.", below=columns[-1:])
    typer.echo("\nStaying")
    staying = [(one.reason, one.studies, one.size_bytes) for one in found.staying]
    print_table(("reason", "studies", "size_bytes"), staying, if_empty="None.")
    typer.echo(f"\n{_sum(found)} {_mib(found.free_bytes)} are free.")


def _ask(found: Plan, *, is_json: bool) -> None:
    if is_json or not sys.stdin.isatty():
        raise typer.BadParameter(f"{_sum(found)} Look at `osteo-pacs retention plan` first.", param_hint="--yes")
    typer.confirm(f"{_sum(found)} Go on?", abort=True, err=True)


def _sum(found: Plan) -> str:
    studies = f"{len(found.going)} {'study' if len(found.going) == 1 else 'studies'}"
    quarantine = f", {len(found.quarantine)} files of quarantine" if found.quarantine else ""
    return f"Would go: {studies}{quarantine}, {_mib(found.size_bytes)}."


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / MIB:.1f} MiB"
