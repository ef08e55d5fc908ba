"""``audit``: who did what, whether the trail is whole, and the trail as messages of the standard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.choices import AuditEventName, AuditOutcomeName
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, print_json, print_table
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.cli.times import FORMATS, aware
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.audit import KeptRecord, Verdict
    from osteo_pacs.db.session import Database

app = typer.Typer(help="See who did what, and whether the trail is whole.", no_args_is_help=True)

Since = Annotated[
    datetime | None,
    typer.Option(
        "--since", metavar="TIME", formats=FORMATS, help="From this time on: 2026-03-01, or 2026-03-01T12:00:00."
    ),
]
Events = Annotated[
    list[AuditEventName] | None,
    typer.Option("--event", metavar="EVENT", help=f"Of this kind: {', '.join(AuditEventName)}. May be repeated."),
]
Outcomes = Annotated[
    list[AuditOutcomeName] | None,
    typer.Option(
        "--outcome", metavar="OUTCOME", help=f"Ended so: {', '.join(AuditOutcomeName)}. May be repeated."
    ),
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The newest N.")]
Expected = Annotated[
    str | None,
    typer.Option("--expect", metavar="HASH", help="A hash that `audit verify` has told before; it must be there."),
]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    since: Since = None,
    event: Events = None,
    outcome: Outcomes = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List the events, the newest first.

    Reading the trail is an event itself, and stands in it afterwards.
    """
    from osteo_pacs.db.audit import list_records
    from osteo_pacs.dicom.audit import EventId, EventOutcome

    event_ids = [EventId[name.upper()] for name in event or ()]
    outcomes = [EventOutcome[name.upper()] for name in outcome or ()]
    settings = settings_of(context)
    with opened_database(settings) as database:
        with database.read() as session:
            found = list_records(session, since=aware(since), event_ids=event_ids, outcomes=outcomes, limit=limit)
        _tell_of_reading(settings, database, f"listed {len(found)} events")
    if json:
        print_json([event_facts(kept) for kept in found])
        return
    columns = ("position", "happened_at", "event", "event_type", "outcome", "actor", "description", "study")
    rows = [_row(kept) for kept in found]
    print_table(columns, rows, if_empty="No events.", below=columns[-2:])


@app.command()
def verify(context: typer.Context, *, expect: Expected = None, json: Json = False) -> None:
    """Follow the hash chain, and tell its head.

    The exit code is 1 when it is broken, and the first broken event is named. That its end was cut off, or that
    all of it was written anew, shows only against a head that was kept elsewhere: give it with --expect.
    """
    from osteo_pacs.db.audit import verify

    with opened_database(settings_of(context)) as database, database.read() as session:
        verdict = verify(session, expect)
    if json:
        print_json(verdict_facts(verdict))
    elif verdict.broken:
        typer.echo(f"Event {verdict.broken.position} is broken: {verdict.broken.reason}.", err=True)
    else:
        typer.echo(f"{verdict.head.count} events, none broken. Head: {verdict.head.hash}")
    if verdict.broken:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def export(context: typer.Context, *, since: Since = None) -> None:
    """Print the events as XML of PS3.15 A.5.1, the oldest first.

    One message is one line.

    Reading the trail is an event itself, and stands in it afterwards.
    """
    from osteo_pacs.audit.message import to_xml

    settings, count = settings_of(context), 0
    begin = aware(since)
    with opened_database(settings) as database:
        for kept in _all_of(database):
            if begin is None or kept.record.happened_at >= begin:
                typer.echo(to_xml(kept.record))
                count += 1
        _tell_of_reading(settings, database, f"exported {count} events")


def event_facts(kept: KeptRecord) -> dict[str, Any]:
    """A row of ``audit list``."""
    record = kept.record
    return {
        "position": kept.position,
        "happened_at": record.happened_at,
        "event": record.event_id.name.lower(),
        "event_code": record.event_id.value,
        "event_type": record.event_type.name.lower() if record.event_type else None,
        "action": record.action.value,
        "outcome": record.outcome.name.lower(),
        "actor": record.actor,
        "source": record.source,
        "studies": list(record.studies),
        "description": record.description,
        "hash": kept.hash,
    }


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """What ``audit verify`` found."""
    return {
        "ok": verdict.broken is None,
        "count": verdict.head.count,
        "head": verdict.head.hash,
        "broken_at": verdict.broken.position if verdict.broken else None,
        "reason": verdict.broken.reason if verdict.broken else None,
    }


def _row(kept: KeptRecord) -> list[Any]:
    facts = event_facts(kept)
    keys = ("position", "happened_at", "event", "event_type", "outcome", "actor", "description")
    return [*(facts[key] for key in keys), " ".join(facts["studies"])]


def _all_of(database: Database) -> Iterator[KeptRecord]:
    from osteo_pacs.db.audit import records_after

    position = 0
    while True:
        with database.read() as session:
            found = records_after(session, position)
        if not found:
            return
        yield from found
        position = found[-1].position


def _tell_of_reading(settings: Settings, database: Database, what: str) -> None:
    from osteo_pacs.audit.events import log_used
    from osteo_pacs.config.urls import without_password
    from osteo_pacs.db import audit

    url = without_password(settings.database.url)
    with database.write() as session:
        audit.append(session, log_used(url, what, utc_now(), by=who_types()))
