"""``send``: DICOM files pushed to the listener, as a scanner would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.output import Json, print_json
from osteo_pacs.cli.program import NotFound, settings_of
from osteo_pacs.cli.progress import progress

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.config.network import Listener
    from osteo_pacs.deliver.association import Peer
    from osteo_pacs.deliver.push import Pushed

DEFAULT_CALLING_AE_TITLE = "OSTEO_SEND"
LONGEST_AE_TITLE = 16


def _is_ae_title(value: str) -> str:
    if len(value) > LONGEST_AE_TITLE or "\\" in value or not value.isprintable() or not value.isascii():
        raise typer.BadParameter("an AE title has 1 to 16 characters and no backslash")
    return value


Sources = Annotated[
    list[Path], typer.Argument(metavar="FILE_OR_FOLDER...", help="DICOM files, or folders of them.")
]
CallingAeTitle = Annotated[
    str,
    typer.Option(
        "--calling-ae-title",
        metavar="AE",
        callback=_is_ae_title,
        show_default=False,
        help="How we call ourselves; else the first that the listener allows us.",
    ),
]
TimeoutS = Annotated[
    float, typer.Option("--timeout-s", metavar="SECONDS", min=1, help="Longest wait for one file.")
]


def send(
    context: typer.Context,
    sources: Sources,
    *,
    calling_ae_title: CallingAeTitle = "",
    timeout_s: TimeoutS = 60,
    json: Json = False,
) -> None:
    """Push DICOM files to the listener.

    Files are sent by C-STORE as they lie on disk, whatever their SOP Class and transfer syntax. In a folder,
    what is no DICOM file is passed over. A listener under TLS is met with its own certificate, which tls_ae_titles
    must name. The exit code is 1 when a file could not be stored.
    """
    from osteo_pacs import log
    from osteo_pacs.deliver.push import push

    settings = settings_of(context)
    log.configure(level="error", form="auto", process="send")
    files = _files(sources)
    peer = _listener(settings, calling_ae_title)
    with progress("Sending", len(files), is_shown=not json) as advance:
        outcomes = []
        for pushed in push(files, peer, timeout_s=timeout_s):
            outcomes.append(pushed)
            advance()
    _tell(outcomes, settings.listener, is_json=json)
    if not all(pushed.is_stored for pushed in outcomes):
        raise typer.Exit(ExitCode.FAILED)


def _files(sources: Sequence[Path]) -> list[Path]:
    from osteo_pacs.deliver.push import part10_files

    files: list[Path] = []
    for source in sources:
        if not source.exists():
            raise NotFound(f"{source}.", remedy="Name a file or a folder that is there.")
        found = part10_files(source) if source.is_dir() else [source]
        if not found:
            raise NotFound(f"a DICOM file in {source}.", remedy="Name the folder that has them.")
        files += found
    return files


def _listener(settings: Settings, calling_ae_title: str) -> Peer:
    from osteo_pacs.deliver.ourselves import own_calling_ae_title, own_listener
    from osteo_pacs.deliver.scu import peer_of

    listener = settings.listener
    ours = calling_ae_title or own_calling_ae_title(listener, DEFAULT_CALLING_AE_TITLE)
    return peer_of(own_listener(listener), ours)


def _tell(outcomes: Sequence[Pushed], listener: Listener, *, is_json: bool) -> None:
    failed = [pushed for pushed in outcomes if not pushed.is_stored]
    if is_json:
        files = [{"path": p.path, "ok": p.is_stored, "status": p.status, "detail": p.detail} for p in outcomes]
        print_json({"stored": len(outcomes) - len(failed), "failed": len(failed), "files": files})
        return
    for pushed in failed:
        if not pushed.unreachable:
            typer.echo(f"{pushed.path}: {pushed.detail}", err=True)
    if reason := next((pushed.unreachable for pushed in failed if pushed.unreachable), ""):
        typer.echo(f"{listener.ae_title} at {listener.local_host}:{listener.port}: {reason}", err=True)
        typer.echo(f"  {_remedy(listener)}", err=True)
    typer.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} stored.")
    if len(failed) < len(outcomes):
        typer.echo("Next: `osteo-pacs study list`.")


def _remedy(listener: Listener) -> str:
    if listener.takes_this_machine:
        return "`osteo-pacs serve` starts the listener; its log says what it does not take."
    return (
        f"[listener] addresses does not have this machine: add {listener.local_host} for `send` and `doctor`, and "
        "start `osteo-pacs serve` again."
    )
