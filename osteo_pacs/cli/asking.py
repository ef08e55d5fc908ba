"""What changes much shows its count first and asks; where nobody can answer it refuses, with the command."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import typer

from osteo_pacs.cli.program import NotConfirmed

WITHOUT_ASKING = 10
"""What is named by a filter, and is no more than this, is changed without a word."""

PRIVATE = {"accession", "text"}
"""Parameters that may hold what names a patient: an error does not repeat them."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _age(value: str) -> timedelta:
    number, unit = value[:-1], UNITS.get(value[-1:])
    if unit is None or not number.isdecimal():
        raise typer.BadParameter("an age is a number and a unit: 30d, 12h, 15m or 90s")
    return timedelta(**{unit: int(number)})


DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, and change nothing.")]
Yes = Annotated[
    bool, typer.Option("--yes", help=f"Do not ask, however much is meant; else above {WITHOUT_ASKING}.")
]
OlderThan = Annotated[
    timedelta | None,
    typer.Option(
        "--older-than",
        metavar="AGE",
        parser=_age,
        help="Ended, or enqueued where it has not ended, longer ago than 30d, 12h, 15m or 90s.",
    ),
]


def confirm(context: typer.Context, sentence: str, *, is_json: bool) -> None:
    """Asks whether to do what the sentence says.

    Raises:
        NotConfirmed: nobody is there to answer.
        Abort: the answer was no.
    """
    if is_json or not _can_answer():
        raise NotConfirmed(sentence, remedy=f"`{typed_again(context, '--yes')}` does it; --dry-run shows it.")
    typer.confirm(f"{sentence} Go on?", abort=True, err=True)


def typed_again(context: typer.Context, *more: str) -> str:
    """The command line as it was typed, with some words more; what may name a patient is left to be filled in."""
    names: list[str] = []
    above: Any = context
    while above.parent is not None:
        names.append(str(above.info_name))
        above = above.parent
    words = ["osteo-pacs", *reversed(names), *_typed(context), *more]
    return shlex.join(words)


def _can_answer() -> bool:
    return sys.stdin.isatty()


def _typed(context: typer.Context) -> Iterator[str]:
    for parameter in context.command.params:
        value: Any = context.params.get(str(parameter.name))
        if value in {None, False} if isinstance(value, bool | None) else not value:
            continue
        if parameter.name in PRIVATE:
            value = parameter.metavar
        for one in value if isinstance(value, list | tuple) else [value]:
            name = [parameter.opts[0]] if parameter.param_type_name == "option" else []
            yield from name if one is True else [*name, _as_typed(one)]


def _as_typed(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    return str(getattr(value, "value", value))
