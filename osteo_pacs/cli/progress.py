"""How far a command is, for who watches it on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from osteo_pacs.cli.output import console


@contextmanager
def progress(doing: str, total: int, *, is_shown: bool = True) -> Iterator[Callable[[], None]]:
    """A bar on standard error that is gone at the end; what it yields is called after each of ``total`` steps."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    screen = console(to_stderr=True)
    # Where nobody watches, a bar would be so many lines.
    with Progress(*columns, console=screen, disable=not (is_shown and screen.is_terminal), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


@contextmanager
def waiting(doing: str, *, is_shown: bool = True) -> Iterator[Callable[[str], None]]:
    """A line on standard error that moves and is gone at the end; what it yields says what is waited for now."""
    screen = console(to_stderr=True)
    if not (is_shown and screen.is_terminal):
        # Where nobody watches, each turn would be a line.
        yield lambda _: None
        return
    with screen.status(doing) as line:
        yield lambda now: line.update(f"{doing}: {now}")
