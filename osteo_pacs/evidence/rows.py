"""One line for each patient of a test set: the truth, what the ideal observer said, what the model said."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from osteo_pacs.errors import PermanentError
from osteo_pacs.evidence.measures import Readings


class RowsUnreadable(PermanentError):
    """The table of patients cannot be read."""

    remedy = "Write it anew with `osteo-pacs model evaluate`."


@dataclass(frozen=True, slots=True)
class Row:
    """A patient of the test set.

    Attributes:
        seed: names the simulated patient.
        scanner, sex, age_years, confounders, has_overlay: what subgroups are made of.
        t_score: the truth.
        is_osteoporotic: the label.
        ideal_probability: the ideal observer's.
        raw_probability: the network's own, before calibration; None where the model refused.
        probability: calibrated; None where the model refused.
        is_called: True where the model said positive.
        refusal: the reason, or nothing.
    """

    seed: int
    scanner: str
    sex: str
    age_years: int
    confounders: tuple[str, ...]
    has_overlay: bool
    t_score: float
    is_osteoporotic: bool
    ideal_probability: float
    raw_probability: float | None
    probability: float | None
    is_called: bool
    refusal: str = ""


COLUMNS = tuple(field.name for field in fields(Row))


def model_readings(rows: Sequence[Row]) -> Readings:
    """What the model said; every row must have been read."""
    return _readings(rows, [row.probability for row in rows], [row.is_called for row in rows])


def uncalibrated_readings(rows: Sequence[Row]) -> Readings:
    """What the network itself said; the calls are the model's."""
    return _readings(rows, [row.raw_probability for row in rows], [row.is_called for row in rows])


def ideal_readings(rows: Sequence[Row]) -> Readings:
    """What the ideal observer said: positive from a probability of one half on."""
    scores = [row.ideal_probability for row in rows]
    return _readings(rows, scores, [score >= 0.5 for score in scores])  # noqa: PLR2004 - more likely than not


def _readings(rows: Sequence[Row], scores: Sequence[float | None], called: Sequence[bool]) -> Readings:
    return Readings(
        labels=np.array([row.is_osteoporotic for row in rows], dtype=np.bool_),
        scores=np.array(scores, dtype=np.float64),
        called=np.array(called, dtype=np.bool_),
    )


def to_csv(rows: Iterable[Row]) -> str:
    """A table with a head; numbers to four decimals, yes as 1 and no as 0, nothing for None."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(row, column)) for column in COLUMNS] for row in rows)
    return text.getvalue()


def from_csv(text: str) -> list[Row]:
    """The rows of a table that `to_csv` wrote.

    Raises:
        RowsUnreadable: it did not.
    """
    try:
        return [_row(record) for record in csv.DictReader(io.StringIO(text))]
    except (KeyError, ValueError, TypeError) as error:
        raise RowsUnreadable(f"{type(error).__name__}: {error}"[:120]) from error


def rounded(row: Row) -> Row:
    """The row as the table gives it back, so that figures can be computed again from the table alone."""
    return from_csv(to_csv([row]))[0]


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.4f}"
    return "" if value is None else str(value)


def _row(record: dict[str, str]) -> Row:
    return Row(
        seed=int(record["seed"]),
        scanner=record["scanner"],
        sex=record["sex"],
        age_years=int(record["age_years"]),
        confounders=tuple(record["confounders"].split()),
        has_overlay=record["has_overlay"] == "1",
        t_score=float(record["t_score"]),
        is_osteoporotic=record["is_osteoporotic"] == "1",
        ideal_probability=float(record["ideal_probability"]),
        raw_probability=_number(record["raw_probability"]),
        probability=_number(record["probability"]),
        is_called=record["is_called"] == "1",
        refusal=record["refusal"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
