"""``selftest``: a phantom study goes the whole way to a real destination."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.completion import destination_names
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, console, print_json
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import NotFound, opened_database, settings_of
from osteo_pacs.cli.progress import waiting
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.config import Destination, Settings
    from osteo_pacs.db.session import Database
    from osteo_pacs.selftest import SelfTest, Step

Destinations = Annotated[
    list[str] | None,
    typer.Option(
        "--destination",
        metavar="NAME",
        autocompletion=destination_names,
        help="Wait for this destination and ask it; else every one. May be repeated.",
    ),
]
TimeoutS = Annotated[float, typer.Option("--timeout-s", metavar="SECONDS", min=1, help="Longest wait.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the test study here; else it is forgotten at the end.")]


def selftest(
    context: typer.Context,
    *,
    destination: Destinations = None,
    timeout_s: TimeoutS = 180,
    keep: Keep = False,
    json: Json = False,
) -> None:
    """Send a test study the whole way, and say what that proved.

    A simulated study of the patient OSTEO-PACS-SELFTEST goes to the running listener by C-STORE. It is read, and
    its report is delivered to every destination of the configuration. Those that are named, or all, are asked for
    it by C-FIND. At the end the study is forgotten here, when all went well; at the PACS the report stays, and is
    deleted there. The exit code is 1 when a station fails.
    """
    from osteo_pacs import log

    settings = settings_of(context)
    log.configure(level="error", form="auto", process="selftest")
    chosen = _chosen(settings, destination)
    with opened_database(settings) as database, tempfile.TemporaryDirectory() as folder:
        test = _test(settings, database, chosen, timeout_s)
        steps = list(_followed(test, Path(folder), is_shown=not json))
        is_passed = all(step.ok for step in steps)
        is_kept = keep or not is_passed
        if not is_kept:
            _forget(settings, database, test.study_instance_uid)
    if json:
        print_json(selftest_facts(steps, test.study_instance_uid, is_kept=is_kept))
    else:
        _conclude(steps, test.study_instance_uid, is_kept=is_kept)
    if not is_passed:
        raise typer.Exit(ExitCode.FAILED)


def selftest_facts(steps: Sequence[Step], study_instance_uid: str, *, is_kept: bool) -> dict[str, Any]:
    """What the test found."""
    return {
        "ok": all(step.ok for step in steps),
        "study_instance_uid": study_instance_uid,
        "is_kept": is_kept,
        "proved": [step.proves for step in steps if step.ok and step.proves],
        "not_proved": [step.leaves_open for step in steps if step.ok and step.leaves_open],
        "steps": [step_facts(step) for step in steps],
    }


def step_facts(step: Step) -> dict[str, Any]:
    """A station."""
    facts = dataclasses.asdict(step)
    return {name: facts[name] for name in ("name", "ok", "detail", "remedy", "seconds")}


def _chosen(settings: Settings, names: Sequence[str] | None) -> list[Destination]:
    known = {one.name: one for one in settings.destinations}
    if not known:
        raise NotFound("a destination.", remedy="Add [[destinations]] to the configuration.")
    for name in names or ():
        if name not in known:
            raise NotFound(f"destination {name}.", remedy=f"The configuration has: {', '.join(known)}.")
    return [known[name] for name in names or known]


def _test(settings: Settings, database: Database, chosen: Sequence[Destination], timeout_s: float) -> SelfTest:
    import secrets

    from osteo_pacs.dicom.uids import derive_uid
    from osteo_pacs.selftest import SelfTest

    return SelfTest(settings, database, chosen, timeout_s, lambda: derive_uid("selftest", secrets.token_hex(16)))


def _followed(test: SelfTest, folder: Path, *, is_shown: bool) -> Iterator[Step]:
    """The steps, each printed as it is made."""
    from rich.text import Text

    out = console()
    with waiting("On its way", is_shown=is_shown) as tell:
        for step in test.run(folder):
            if is_shown:
                mark = Text("ok    ", "green") if step.ok else Text("FAILED", "bold red")
                told = Text.assemble(mark, "  ", (step.name, "bold"), f": {step.detail} ({step.seconds:.1f} s)")
                out.print(told, soft_wrap=True)
                tell(f"after {step.name}")
            yield step


def _conclude(steps: Sequence[Step], study_instance_uid: str, *, is_kept: bool) -> None:
    last = steps[-1]
    if not last.ok and last.remedy:
        typer.echo(f"        {last.remedy}")
    facts = selftest_facts(steps, study_instance_uid, is_kept=is_kept)
    for title, sentences in (("Proved", facts["proved"]), ("Not proved", facts["not_proved"])):
        if sentences:
            typer.echo(f"\n{title}")
            for sentence in sentences:
                typer.echo(f"  {sentence}")
    typer.echo(f"\nThe test study is {study_instance_uid}.")
    if is_kept:
        # What is not delivered is held.
        force = "" if last.ok else " --force --reason self-test"
        typer.echo(f"It stays here: `osteo-pacs study forget {study_instance_uid}{force}` removes it.")
    else:
        typer.echo("It is forgotten here.")
    if any(step.name.startswith("delivered") and step.ok for step in steps):
        typer.echo("Its report stays at the PACS, under the patient OSTEO-PACS-SELFTEST: delete it there.")


def _forget(settings: Settings, database: Database, study_instance_uid: str) -> None:
    """Also where a destination that was not waited for has not taken it yet."""
    from osteo_pacs.housekeeping.forgetting import Eraser
    from osteo_pacs.spool import Spool

    eraser = Eraser(database, Spool(settings.spool.directory), utc_now, who_types())
    eraser.forget(study_instance_uid, reason="self-test", is_forced=True)
