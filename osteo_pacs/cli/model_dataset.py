"""A bundle beside the active model on the test part of a data set, and the report of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from osteo_pacs.cli.model_options import tell, typed
from osteo_pacs.cli.output import print_json, print_table
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.session import Database
    from osteo_pacs.retrain.judging.candidate import Judged


def evaluate_on_dataset(
    context: typer.Context, dataset: str, bundle: Path, *, output: Path, device: str, threads: int, is_json: bool
) -> None:
    """Shows and writes the comparison; nothing is recorded."""
    settings = settings_of(context)
    with opened_database(settings) as database:
        judged = judge_on_dataset(
            database, settings, dataset, version=str(bundle), against="active", device=device, threads=threads
        )
    write_report(output, judged)
    show(judged.record, output, is_json=is_json)


def judge_on_dataset(
    database: Database,
    settings: Settings,
    dataset: str | None,
    *,
    version: str,
    against: str,
    device: str,
    threads: int,
) -> Judged:
    """Both models read the test part, and the gate's rules say what they say.

    Raises:
        OsteoPacsError: a version or the data set cannot be used.
    """
    from osteo_pacs.evidence.gate import Limits
    from osteo_pacs.retrain.data_set.checked import find_dataset, open_dataset
    from osteo_pacs.retrain.judging.candidate import judge_candidate
    from osteo_pacs.retrain.judging.evaluate import Place
    from osteo_pacs.retrain.registry.place import bundle_of

    candidate, active = (bundle_of(database, settings, asked) for asked in (version, against))
    found = open_dataset(find_dataset(database, settings, dataset))
    limits, place = Limits(**settings.gate.model_dump()), Place(device, threads or None, typed())
    return judge_candidate(candidate, active, found, limits, place=place, clock=utc_now, tell=tell)


def write_report(folder: Path, judged: Judged) -> None:
    """``gate.html``, ``gate.json``, and a line for each image in ``cases.jsonl``."""
    from json import dumps

    from osteo_pacs.evidence.gate_page import render_page
    from osteo_pacs.retrain.judging.candidate import cases_as_json

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gate.html").write_text(render_page(judged.record, judged.cases), encoding="utf-8")
    (folder / "gate.json").write_text(dumps(judged.record, indent=1) + "\n", encoding="utf-8")
    (folder / "cases.jsonl").write_text(cases_as_json(judged.cases), encoding="utf-8")


def show(record: dict[str, Any], output: Path, *, is_json: bool) -> None:
    """Every rule with its figure."""
    if is_json:
        print_json(verdict_facts(record))
        return
    columns = ("rule", "figure", "low", "high", "limit", "verdict", "detail")
    rows = [
        [rule["rule"], *(rule["figure"][end] for end in ("value", "low", "high")), rule["limit"], rule["verdict"],
         rule["detail"]]
        for rule in record["rules"]
    ]  # fmt: skip
    print_table(columns, rows, if_empty="No rules.", below=("detail",))
    word = "passes" if record["is_passed"] else "does not pass"
    typer.echo(f"The candidate {word} the gate. Report: {output / 'gate.html'}", err=True)


def verdict_facts(record: dict[str, Any]) -> dict[str, Any]:
    """What is told of a judgement."""
    return {
        "is_passed": record["is_passed"],
        "candidate": record["candidate"]["version"],
        "active": record["active"]["version"],
        "dataset_sha256": record["dataset"]["sha256"],
        "images": record["images"],
        "rules": record["rules"],
    }
