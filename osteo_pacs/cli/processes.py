"""The processes of the service: all of them supervised, or one of a kind for systemd and Kubernetes."""

from __future__ import annotations

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


COMMANDS = (serve, listener, worker, courier, scheduler, shadow)
"""Each runs until SIGTERM or Ctrl-C."""
