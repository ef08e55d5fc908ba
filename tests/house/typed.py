"""Command lines that documents tell people to type, parsed by the program itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import typer

from osteo_pacs.cli import app

PROGRAM = typer.main.get_command(app)
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# A synopsis, which begins with a bracket, is nothing to type.
IN_PROSE = re.compile(r"`(?:\S*/)?osteo-pacs\s(?!\[)([^`]*)`")
IN_SHELL = re.compile(r"(?:^|\s)(?:\S*/)?osteo-pacs[ \t](.*)$", re.MULTILINE)
ENDS_A_COMMAND = {"|", "||", "&&", "&", ";", ">", ">>", "2>", "<"}
PLACEHOLDERS = {"ID": "1", "N": "1"}
"""What stands for a number; any text can stand for a path, a name or a UID."""


@dataclass(frozen=True)
class Line:
    """A command line without the program's name; ``is_whole`` where it is to be typed as it stands."""

    words: tuple[str, ...]
    is_whole: bool


def command_lines(markdown: str) -> Iterator[Line]:
    """Those in prose, which may only name a command, then those in blocks of shell."""
    for text in IN_PROSE.findall(BLOCK.sub("", markdown)):
        yield Line(_words(text), is_whole=False)
    for block in SHELL_BLOCK.findall(markdown):
        for text in IN_SHELL.findall(block.replace("\\\n", " ").replace(" && ", "\n")):
            yield Line(_words(text), is_whole=True)


def parse(line: Line) -> None:
    """Parses the line with the command that it names, and runs nothing.

    Raises:
        AssertionError: the program would answer with wrong usage.
    """
    try:
        _parse([PLACEHOLDERS.get(word, word) for word in line.words], is_whole=line.is_whole)
    except Exception as error:
        raise AssertionError(f"osteo-pacs {' '.join(line.words)}: {error}") from error


def _parse(words: list[str], *, is_whole: bool) -> None:
    command, name = PROGRAM, "osteo-pacs"
    context = command.make_context(name, words)
    while hasattr(command, "commands"):
        name, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
        if not words and not is_whole:
            return
        context = command.make_context(name, words, parent=context)


def _words(text: str) -> tuple[str, ...]:
    words = []
    for word in shlex.split(text, comments=True):
        if word in ENDS_A_COMMAND:
            break
        words.append(word)
    return tuple(words)
