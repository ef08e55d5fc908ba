"""Every event that the program logs, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
LOGGERS = {"log", "log.get_logger()", "get_logger()"}
ERROR_KEYS = {"error_type", "exception"}
"""What the log makes of ``exc_info``."""


@dataclass
class Event:
    """An event over all the places that log it."""

    levels: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def logged(package: Path) -> dict[str, Event]:
    """Every event by its name."""
    events: dict[str, Event] = {}
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call in _calls(tree):
            for name in _names(call.args[0]):
                event = events.setdefault(name, Event())
                event.levels.add(LEVELS[call.func.attr])
                event.keys.update(_keys(call, tree))
    return events


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """``log.get_logger().info("name", ...)`` and ``log.info("name", ...)``."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if node.func.attr in LEVELS and ast.unparse(node.func.value) in {
            "log",
            "log.get_logger()",
            "get_logger()",
        }:
            yield node


def _names(argument: ast.expr) -> list[str]:
    """A name, or those between which an expression chooses."""
    return [n.value for n in ast.walk(argument) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def _keys(call: ast.Call, tree: ast.AST) -> Iterator[str]:
    if call.func.attr == "exception":
        yield from ERROR_KEYS
    for keyword in call.keywords:
        if keyword.arg == "exc_info":
            yield from ERROR_KEYS
        elif keyword.arg:
            yield keyword.arg
        else:
            yield from _spread(ast.unparse(keyword.value), tree)


def _spread(name: str, tree: ast.AST) -> Iterator[str]:
    """The keys of the dictionaries that a file calls ``name``."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if name in map(ast.unparse, targets) and isinstance(node.value, ast.Dict):
            yield from (key.value for key in node.value.keys if isinstance(key, ast.Constant))
