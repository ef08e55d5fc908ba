"""The program ``osteo-pacs``: its own options, and every noun and process below it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import osteo_pacs
from osteo_pacs.cli import (
    audit,
    config,
    dataset,
    db,
    label_changes,
    model_gate,
    processes,
    queue,
    queue_changes,
    queue_pauses,
    retention,
    send,
    study,
    training,
)
from osteo_pacs.cli.demo import demo
from osteo_pacs.cli.doctor import doctor
from osteo_pacs.cli.phantom import phantom
from osteo_pacs.cli.phantom_dataset import phantom_dataset
from osteo_pacs.cli.program import CONFIG, Program
from osteo_pacs.cli.selftest import selftest
from osteo_pacs.cli.status import status
from osteo_pacs.cli.study_forget import forget
from osteo_pacs.cli.study_reprocess import reprocess

app = typer.Typer(
    cls=Program,
    name="osteo-pacs",
    help=f"{(osteo_pacs.__doc__ or '').splitlines()[0]}",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - typer calls it
    if is_wanted:
        typer.echo(f"osteo-pacs {osteo_pacs.__version__}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The configuration; else $OSTEO_PACS_CONFIG, else ./config.toml.",
        ),
    ] = None,
    *,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the program stand before the command."""
    context.meta[CONFIG] = config


for command in (*queue_changes.COMMANDS, *queue_pauses.COMMANDS):
    queue.app.command()(command)
study.app.command()(reprocess)
study.app.command()(forget)
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")
app.add_typer(study.app, name="study")
app.add_typer(queue.app, name="queue")
app.add_typer(retention.app, name="retention")
app.add_typer(label_changes.app, name="label")
app.add_typer(dataset.app, name="dataset")
app.add_typer(model_gate.app, name="model")
app.add_typer(training.app, name="training")
app.add_typer(audit.app, name="audit")
app.command()(status)
app.command()(send.send)
app.command()(doctor)
app.command()(selftest)
app.command()(demo)
app.command()(phantom)
app.command()(phantom_dataset)
for process in processes.COMMANDS:
    app.command()(process)


def main() -> None:
    """The console script."""
    app()
