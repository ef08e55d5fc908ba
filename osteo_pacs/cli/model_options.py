"""What commands about models share: where a model runs, what is being done, and the line that was typed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

Device = Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda or auto.")]
Threads = Annotated[int, typer.Option("--threads", metavar="N", min=0, help="CPU threads; 0 for all cores.")]
DatasetOption = Annotated[
    str | None, typer.Option("--dataset", metavar="D", help="Folder, number or digest; else the newest data set.")
]


def typed() -> str:
    """The command line, as it is typed."""
    return " ".join(["osteo-pacs", *sys.argv[1:]])


def tell(sentence: str) -> None:
    """Says what is being done, to who watches."""
    typer.echo(f"{sentence} ...", err=True)
