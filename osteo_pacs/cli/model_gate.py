"""``model gate``: whether a candidate may take the active model's place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.model_dataset import judge_on_dataset, show, write_report
from osteo_pacs.cli.model_options import DatasetOption, Device, Threads
from osteo_pacs.cli.model_train import app
from osteo_pacs.cli.output import Json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.db.session import Database
    from osteo_pacs.retrain.judging.candidate import Judged

__all__ = ["app"]


@app.command()
def gate(
    context: typer.Context,
    version: Annotated[
        str,
        typer.Argument(metavar="VERSION", help="The candidate: its number, its version, or its bundle's folder."),
    ],
    *,
    against: Annotated[
        str, typer.Option("--against", metavar="VERSION", help="What it is compared with; named likewise.")
    ] = "active",
    dataset: DatasetOption = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="FOLDER", help="Where the report is written, as HTML and as JSON.")
    ] = Path("build/gate"),
    device: Device = "auto",
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Judge a candidate beside the active model.

    The rules are those of [gate]; what they say is recorded. Both models read the test part of the data set. Exit
    status 1 where the candidate does not pass.
    """
    settings = settings_of(context)
    with opened_database(settings) as database:
        judged = judge_on_dataset(
            database, settings, dataset, version=version, against=against, device=device, threads=threads
        )
        _record(database, judged)
    write_report(output, judged)
    show(judged.record, output, is_json=json)
    if not judged.record["is_passed"]:
        raise typer.Exit(ExitCode.FAILED)


def _record(database: Database, judged: Judged) -> None:
    from osteo_pacs.audit.model_events import gate_decided
    from osteo_pacs.db import audit
    from osteo_pacs.db.gate_decisions import NewDecision, record_decision
    from osteo_pacs.retrain.registry.place import number_of

    record, now, is_passed = judged.record, utc_now(), judged.record["is_passed"]
    number, against = (number_of(database, record[name]["manifest_sha256"]) for name in ("candidate", "active"))
    candidate, before = record["candidate"], record["active"]["version"]
    told = f"{candidate['name']} {candidate['version']}"
    with database.write() as session:
        if number is not None:
            new = NewDecision(number, against, is_passed, record, record["dataset"]["sha256"])
            record_decision(session, new, now)
        audit.append(session, gate_decided(judged.bundle, told, before, now, is_passed=is_passed, by=who_types()))
