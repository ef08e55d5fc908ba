"""``status``: how the service is at this moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

import osteo_pacs
from osteo_pacs.cli.output import Json, console, print_json
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from rich.text import Text

    from osteo_pacs.status import Section

Live = Annotated[bool, typer.Option("--live", help="Look again and again, until Ctrl-C.")]
EveryS = Annotated[float, typer.Option("--every-s", metavar="SECONDS", min=0.5, help="Between two live looks.")]


def status(context: typer.Context, *, live: Live = False, every_s: EveryS = 2, json: Json = False) -> None:
    """Show how the service is at this moment.

    Processes, queue, what is paused, throughput, destinations, errors, the model in service, space, clocks. Told
    from the database and the disk, so it answers while the service is down. `watch -n2 osteo-pacs status` works,
    too. What needs a person stands at the end, with the next command.
    """
    from osteo_pacs.status import look_round

    if live and json:
        raise typer.BadParameter("JSON is printed once", param_hint="--live")
    settings = settings_of(context)
    with opened_database(settings) as database:
        if live:
            _show_live(lambda: look_round(settings, database, utc_now), every_s)
            return
        sections = look_round(settings, database, utc_now)
    if json:
        print_json(status_facts(sections))
    else:
        console().print(as_text(sections), soft_wrap=True)


def status_facts(sections: Sequence[Section]) -> dict[str, Any]:
    """The whole status: a key for each section, and what needs a person."""
    attention = [sentence for section in sections for sentence in section.attention]
    return {
        "version": osteo_pacs.__version__,
        **{section.name: section.facts for section in sections},
        "attention": attention,
    }


def as_text(sections: Sequence[Section]) -> Text:
    """The sections under their names; what needs a person at the end."""
    from rich.text import Text

    text = Text()
    for section in sections:
        text.append(f"{section.name}\n", "bold")
        text.append("".join(f"  {line}\n" for line in section.lines))
    if attention := [sentence for section in sections for sentence in section.attention]:
        text.append("needs a person\n", "bold red")
        text.append("".join(f"  {sentence}\n" for sentence in attention))
    text.rstrip()
    return text


def _show_live(look: Any, every_s: float) -> None:
    from rich.live import Live as Screen

    with Screen(console=console(), auto_refresh=False, screen=True) as screen:
        while True:
            screen.update(as_text(look()), refresh=True)
            time.sleep(every_s)
