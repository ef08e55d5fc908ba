"""Writes docs/reference from the program itself: ``make reference``; a test compares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hostile.table import TABLE, TLS_TABLE
from house import licences
from house.events import logged
from osteo_pacs.cli import app
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.config import Settings
from osteo_pacs.log import KEYS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PACKAGE = ROOT / "osteo_pacs"
PROGRAM = "osteo-pacs"
COMMANDS_HEAD = """# Commands

`osteo-pacs [--config FILE] COMMAND`: the options of the program stand before the command. Commands that read take
`--json`: one JSON document on standard output, and errors as JSON on standard error. Away from a terminal, tables
are tab-separated lines without colour. The [exit status](exit-codes.md) tells what became of it.
"""
CONFIGURATION_HEAD = """# Configuration

One TOML file: `--config FILE`, else `$OSTEO_PACS_CONFIG`, else `./config.toml`. `osteo-pacs config init` writes
one with every key, its default and its sentence. In the environment `OSTEO_PACS__SECTION__KEY` overrides a key; a
list or a table is written there as JSON. Relative paths are relative to the file. A key that is not listed here is
refused.
"""
EXIT_CODES_HEAD = """# Exit statuses

Every command ends with one of these. A process of the service ends with 0 when it was asked to end and did so in
time.
"""
LOG_EVENTS_HEAD = """# Log events

Processes of the service write one JSON object a line on standard error (`[log] format`); on a terminal, a line for
people. An event is a unit of work, with everything that is known of it. Every event has `event`, `level`,
`timestamp` and `process`. No key holds a name, an ID or a UID of a patient or a study: `study_id` and `job_id` are
numbers of the database, and `osteo-pacs queue show` leads from a job to its study.
"""


BAD_INPUT_HEAD = """# Bad input and its answer

The tests lay each of these before the running service (`tests/acceptance/test_hostile_input.py`). After each, an
honest peer is served within two seconds, and no process of the listener has ever had more than 100 MiB of memory.
A fault on our side is answered by 0xA700 or 0x0110, never by a status of a library
(`tests/integration/test_listener_faults.py`).

`aborted` is an A-ABORT, and the connection's end; `closed` its end without a word. Both come within `[listener]
pdu_timeout_s`. `rejected` has result, source and reason of PS3.8 9.3.4; a status is that of the C-STORE.
"""


def pages() -> dict[str, str]:
    """The generated pages by their file names."""
    return {
        "commands.md": commands_page(),
        "configuration.md": configuration_page(),
        "exit-codes.md": exit_codes_page(),
        "log-events.md": log_events_page(),
        "licences.md": licences.page(),
        "bad-input.md": bad_input_page(),
    }


def commands_page() -> str:
    program = typer.main.get_command(app)
    parts = [COMMANDS_HEAD, *_command(program, PROGRAM, heading="## Options of the program")]
    for words, command in walk(program):
        if not hasattr(command, "commands"):
            parts += _command(command, f"{PROGRAM} {' '.join(words)}")
    return "\n".join(parts)


def walk(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group below a group, with the words one types."""
    for name, command in getattr(group, "commands", {}).items():
        yield (*words, name), command
        yield from walk(command, (*words, name))


def _command(command: Any, name: str, heading: str = "") -> Iterator[str]:
    yield heading or f"## `{name}`"
    yield ""
    if not heading:
        yield from (f"{paragraph}\n" for paragraph in _paragraphs(command.help))
    rows = [row for parameter in command.params if (row := _parameter(parameter))]
    if rows:
        yield from ("| | |", "|---|---|", *rows, "")


def _paragraphs(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", paragraph).strip() for paragraph in text.strip().split("\n\n")]


def _parameter(parameter: Any) -> str:
    metavar = parameter.metavar or ""
    if parameter.param_type_name == "argument":
        shown = metavar if parameter.required or metavar.startswith("[") else f"[{metavar}]"
    else:
        shown = " ".join(filter(None, (", ".join(parameter.opts), metavar)))
    default = parameter.default
    # An absolute path is this machine's; the sentence says what it is.
    is_told = default in (None, False, "", ()) or callable(default) or str(default).startswith("/")
    return f"| `{shown}` | {parameter.help}{f' Default: `{default}`.' if not is_told else ''} |"


def configuration_page() -> str:
    parts = [CONFIGURATION_HEAD]
    for name, field in Settings.model_fields.items():
        model, is_list = _table_of(field)
        parts += _section(f"[[{name}]]" if is_list else f"[{name}]", model)
    return "\n".join(parts)


def _section(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## `{title}`"
    yield ""
    yield (model.__doc__ or "").splitlines()[0]
    yield ""
    inner = {}
    rows = []
    for key, field in model.model_fields.items():
        table, is_list = _table_of(field)
        if table is not None:
            inner[f"[{title.strip('[]')}.{key}]" if not is_list else f"[[{title.strip('[]')}.{key}]]"] = table
        rows.append(f"| `{key}` | {default_of(field)} | {field.description}{_choices(field)} |")
    yield from ("| key | default | |", "|---|---|---|", *rows, "")
    for inner_title, table in inner.items():
        yield from _section(inner_title, table)


def default_of(field: FieldInfo) -> str:
    """A field's default in TOML, or that it has none."""
    if field.is_required():
        return "must be given"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return "left out"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        holds_tables = any(isinstance(value, BaseModel) for value in default)
        return "as in `config.toml`" if holds_tables else f"`{json.dumps(default)}`"
    if isinstance(default, dict):
        return f"`{json.dumps(default)}`"
    return f"`{default}`" if isinstance(default, int | float) else f'`"{default}"`'


def _choices(field: FieldInfo) -> str:
    if get_origin(field.annotation) is not Literal:
        return ""
    return f" One of {', '.join(f'`{choice}`' for choice in get_args(field.annotation))}."


def _table_of(field: FieldInfo) -> tuple[Any, bool]:
    """The model of a field that is a table, or an array of tables."""
    annotation = field.annotation
    is_list = get_origin(annotation) is tuple
    candidates = get_args(annotation) if is_list else (annotation,)
    tables = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
    return (tables[0] if tables else None), is_list


def exit_codes_page() -> str:
    rows = [f"| {code.value} | {code.name} | {code.sentence} |" for code in ExitCode]
    return "\n".join([EXIT_CODES_HEAD, "| status | name | |", "|---|---|---|", *rows, ""])


def log_events_page() -> str:
    """Levels and keys are read from the source, the sentences from the page as it stands."""
    sentences = read_sentences((REFERENCE / "log-events.md").read_text(encoding="utf-8"))
    events = [
        f"| `{name}` | {', '.join(sorted(event.levels))} | {_code(event.keys)} | {sentences.get(name, '')} |"
        for name, event in sorted(logged(PACKAGE).items())
    ]
    keys = [f"| `{key}` | {sentences.get(key, '')} |" for key in sorted(KEYS)]
    parts = [LOG_EVENTS_HEAD, "## Events", "", "| event | level | keys | when |", "|---|---|---|---|", *events, ""]
    return "\n".join([*parts, "## Keys", "", "| key | |", "|---|---|", *keys, ""])


def bad_input_page() -> str:
    """Every bad input and its answer, as the tests lay them before the running service."""
    parts = [BAD_INPUT_HEAD]
    for group, rows in groupby([*TABLE, *TLS_TABLE], key=lambda row: row.group):
        cells = [f"| {row.name.replace('|', '/')} | {row.answer} |" for row in rows]
        parts += [f"## {group}", "", *_WORDS.get(group, []), "| what comes | answer |", "|---|---|", *cells, ""]
    return "\n".join(parts)


_WORDS = {
    "Objects that are stored": [
        "The listener looks at a header, never at a value: such an object is well formed, and is kept. The worker",
        "answers it with a report that says why it was not read, or parks the study.",
        "",
    ],
}


def read_sentences(page: str) -> dict[str, str]:
    """The last cell of every row by its first, for what the source does not tell."""
    rows = re.findall(r"^\| `([a-z0-9_]+)` \|(?:.*\|)? ([^|]*) \|$", page, re.MULTILINE)
    return {name: sentence.strip() for name, sentence in rows}


def _code(names: set[str]) -> str:
    return " ".join(f"`{name}`" for name in sorted(names))


if __name__ == "__main__":
    for file, text in pages().items():
        (REFERENCE / file).write_text(text, encoding="utf-8")
