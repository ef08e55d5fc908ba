"""``doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, console, print_json
from osteo_pacs.cli.program import CONFIG

if TYPE_CHECKING:
    from osteo_pacs.doctor import Check


def doctor(context: typer.Context, *, json: Json = False) -> None:
    """Find what is wrong, and say how to mend it.

    Configuration, packages, database, migration, spool, who may read and change files, the decoding process,
    bundle, device, a trial prediction, the listener, and a C-ECHO to every destination. Each look has a limit of
    time. The exit code is 1 when a check fails.
    """
    from osteo_pacs import log
    from osteo_pacs.doctor import make_round

    log.configure(level="error", form="auto", process="doctor")
    checks = make_round(context.meta.get(CONFIG))
    made = list(checks if json else _told(checks))
    failures = sum(not check.ok for check in made)
    if json:
        print_json({"ok": not failures, "checks": [dataclasses.asdict(check) for check in made]})
    else:
        typer.echo(
            f"\n{failures} of {len(made)} checks failed." if failures else f"\nAll {len(made)} checks passed."
        )
    if failures:
        raise typer.Exit(ExitCode.FAILED)


def _told(checks: Iterator[Check]) -> Iterator[Check]:
    """The checks, each printed as it is made."""
    from rich.text import Text

    out = console()
    for check in checks:
        mark = Text("ok    ", "green") if check.ok else Text("FAILED", "bold red")
        out.print(Text.assemble(mark, "  ", (check.name, "bold"), f": {check.detail}"), soft_wrap=True)
        if check.remedy:
            out.print(Text(f"        {check.remedy}", "yellow"), soft_wrap=True)
        yield check
