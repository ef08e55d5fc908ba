"""Figures and tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from osteo_pacs.evidence.measures import AT_THRESHOLD

NO_FIGURE = "no figure"

LABELS = {
    "accuracy": "accuracy",
    "sensitivity": "sensitivity (recall)",
    "specificity": "specificity",
    "precision": "precision",
    "f1": "F1",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "ece": "ECE",
    "brier": "Brier score",
}


def paragraph(text: str, **values: object) -> list[str]:
    """Lines of a paragraph with ``values`` filled in, wrapped, and an empty line after it."""
    filled = " ".join((text.format(**values) if values else text).split())
    return [*wrap(filled, 115, break_long_words=False, break_on_hyphens=False), ""]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table, and an empty line after it."""
    lines = [_line(head), "|" + "---|" * len(head), *(_line(row) for row in rows)]
    return [*lines, ""]


def figure(name: str, estimate: Mapping[str, Any] | None) -> str:
    """A figure with its interval: counts at a threshold in per cent, the others to three decimals."""
    if estimate is None or estimate["value"] is None:
        return NO_FIGURE
    if name in AT_THRESHOLD:
        return percent(estimate)
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def points(name: str, estimate: Mapping[str, Any] | None) -> str:
    """A difference with its sign: percentage points for counts at a threshold."""
    if estimate is None or estimate["value"] is None:
        return NO_FIGURE
    scale, form = (100, "+.1f") if name in AT_THRESHOLD else (1, "+.3f")
    value, low, high = (format(estimate[key] * scale + 0.0, form) for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def percent(estimate: Mapping[str, Any] | None) -> str:
    """A share with its interval in per cent."""
    if estimate is None or estimate["value"] is None:
        return NO_FIGURE
    value, low, high = (f"{100 * estimate[key]:.1f}" for key in ("value", "low", "high"))
    return f"{value} % ({low} to {high})"


def words(name: str) -> str:
    """A name with underscores as words."""
    return name.replace("_", " ")


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
