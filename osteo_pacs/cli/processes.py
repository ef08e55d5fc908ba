"""The processes of the service: all of them supervised, or one of a kind for systemd and Kubernetes."""

from __future__ import annotations

from typing import Annotated

import typer

from osteo_pacs.cli.program import config_path, service_settings_of, settings_of


def serve(context: typer.Context) -> None:
    """Run the whole service, every process supervised."""
    from osteo_pacs.service import supervisor

    raise typer.Exit(supervisor.serve(service_settings_of(context), config_path(context)))


def listener(context: typer.Context) -> None:
    """Run one listener: studies come in."""
    from osteo_pacs.service import listener

    raise typer.Exit(listener.run(settings_of(context)))


def worker(context: typer.Context) -> None:
    """Run one worker: complete studies are read."""
    from osteo_pacs.service import worker

    raise typer.Exit(worker.run(service_settings_of(context)))


def courier(context: typer.Context) -> None:
    """Run one courier: reports go out."""
    from osteo_pacs.service import courier

    raise typer.Exit(courier.run(settings_of(context)))


def scheduler(context: typer.Context) -> None:
    """Run one scheduler: what the clock calls for."""
    from osteo_pacs.service import scheduler

    raise typer.Exit(scheduler.run(settings_of(context)))


def shadow(context: typer.Context) -> None:
    """Run one shadow: a candidate reads beside the workers."""
    from osteo_pacs.service import shadow

    raise typer.Exit(shadow.run(service_settings_of(context)))


def trainer(
    context: typer.Context,
    *,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when no training waits any more, as `serve` has it do.")
    ] = False,
) -> None:
    """Run one trainer: trainings are carried out."""
    from osteo_pacs.service import trainer

    raise typer.Exit(trainer.run(settings_of(context), until_idle=until_idle))


COMMANDS = (serve, listener, worker, courier, scheduler, shadow, trainer)
"""Each runs until SIGTERM or Ctrl-C."""
