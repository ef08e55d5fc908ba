"""The parts of a test set that are judged by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from osteo_pacs.evidence.rows import Row

AGE_BANDS = ((50, "under 50"), (60, "50 to 59"), (70, "60 to 69"), (80, "70 to 79"), (999, "80 and over"))
"""Years that are just beyond the band, and its name."""

DIVISIONS = ("scanner", "sex", "age", "confounder", "overlay")
NONE = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Subgroup:
    """Some of the rows: what they are divided by, and which part this is."""

    by: str
    name: str
    rows: tuple[Row, ...]

    @property
    def positives(self) -> int:
        """How many have the condition."""
        return sum(row.is_osteoporotic for row in self.rows)


def subgroups(rows: Sequence[Row]) -> Iterator[Subgroup]:
    """By scanner, sex, age band, confounder and overlay, in this order; a row is in one of each, or in several."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        for label in labels_of(row):
            found.setdefault(label, []).append(row)
    for by, name in sorted(found, key=_place):
        yield Subgroup(by, name, tuple(found[by, name]))


def labels_of(row: Row) -> Iterator[tuple[str, str]]:
    """The subgroups that a row belongs to, as division and name."""
    yield "scanner", row.scanner
    yield "sex", row.sex
    yield "age", next(name for beyond, name in AGE_BANDS if row.age_years < beyond)
    for name in row.confounders or (NONE,):
        yield "confounder", name
    yield "overlay", "with" if row.has_overlay else "without"


def _place(label: tuple[str, str]) -> tuple[int, int, str]:
    by, name = label
    bands = [band for _, band in AGE_BANDS]
    rank = bands.index(name) if by == "age" else int(name == NONE)
    return DIVISIONS.index(by), rank, name
