"""Whether text is burned into the analysed crop: rows of marks of a letter's size, white on dark or dark on white.

It finds a line of five letters or more, as a name or a date is; the label of a vertebra is none. It is a rule of
thumb: what leaves the house is looked at by a person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

LETTERS = 5
"""Marks in a row from which they are text."""

_THICKEST = 11
"""Pixels of a letter's stroke."""
_CONTRAST = 0.4
_HEIGHTS = (5, 60)
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class _Mark:
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top


def has_text(scan: npt.NDArray[np.float32]) -> bool:
    """Whether a line of text stands in the crop, float32 of shape (rows, columns), 0 to 1."""
    return any(_longest_line(_marks(picture)) >= LETTERS for picture in (scan, np.float32(1) - scan))


def _marks(picture: npt.NDArray[np.float32]) -> list[_Mark]:
    """Spots of a letter's size, whose strokes stand out from the grey that is left when thin bright parts go."""
    strokes = picture - ndimage.grey_opening(picture, size=(_THICKEST, _THICKEST))
    labels, _ = ndimage.label(strokes >= _CONTRAST, structure=np.ones((3, 3)))
    spots = (
        _Mark(rows.start, rows.stop, columns.start, columns.stop) for rows, columns in ndimage.find_objects(labels)
    )
    return [
        mark for mark in spots if _HEIGHTS[0] <= mark.height <= _HEIGHTS[1] and mark.right - mark.left <= _WIDEST
    ]


def _longest_line(marks: list[_Mark]) -> int:
    """The most marks that stand in one row, each close to the one before and about as tall."""
    longest = 0
    length: dict[_Mark, int] = {}
    in_order = sorted(marks, key=lambda mark: (mark.left, mark.top))
    for place, mark in enumerate(in_order):
        before = (length[one] for one in in_order[max(0, place - 200) : place] if _follows(mark, one))
        length[mark] = 1 + max(before, default=0)
        longest = max(longest, length[mark])
    return longest


def _follows(mark: _Mark, before: _Mark) -> bool:
    height = max(mark.height, before.height)
    gap = mark.left - before.right
    return (
        -1 <= gap <= height
        and min(mark.height, before.height) * 2 >= height
        and abs(mark.bottom - before.bottom) <= max(1, height // 4)
    )
