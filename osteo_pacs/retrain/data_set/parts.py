"""Which patient stands in which part of a data set; a pure function.

A patient who once was for testing is for testing in every data set to come; the others are learned from. A new
patient's side is drawn by the site's key, so that the share stays. Patients who share a picture stand on one side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """The datalist's keys."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a patient stands; ``fold`` counts from 0 and is None for testing."""

    part: Part
    fold: int | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Everyone's place.

    Attributes:
        places: by patient; those who were left out are not there.
        left_out: patients of the learning side, or new ones, who share a picture with one of the locked test set.
        sides: for everyone with a place, whether they are for testing.
    """

    places: Mapping[str, Placed]
    left_out: frozenset[str]

    @property
    def sides(self) -> dict[str, bool]:
        """What later data sets keep."""
        return {patient: placed.part is Part.TEST for patient, placed in self.places.items()}


def place(
    groups: Iterable[frozenset[str]],
    known: Mapping[str, bool],
    is_positive: Callable[[str], bool],
    fraction: Callable[[str, str], float],
    *,
    test_share: float,
    folds: int,
) -> Placement:
    """Places patients, whatever the order of the groups.

    Args:
        groups: patients who must stand on one side, every patient in one group.
        known: for patients of earlier data sets, whether they are for testing.
        is_positive: whether a patient counts as positive, so that folds are alike.
        fraction: a number from 0 up to 1 for a purpose and a patient, always the same.
        test_share: share of new groups that are for testing.
        folds: of those that are learned from; fold 0 is for validation.
    """
    test: list[str] = []
    learning: list[tuple[str, ...]] = []
    left_out: set[str] = set()
    for group in groups:
        locked = {patient for patient in group if known.get(patient)}
        if locked:
            test += locked
            left_out |= group - locked
        elif known.keys().isdisjoint(group) and fraction("test", min(group)) < test_share:
            test += group
        else:
            learning.append(tuple(sorted(group)))
    places = {patient: Placed(Part.TEST, None) for patient in test}
    for group_, fold in _dealt(learning, is_positive, fraction, folds):
        part = Part.TRAINING if fold else Part.VALIDATION
        places |= {patient: Placed(part, fold) for patient in group_}
    return Placement(places, frozenset(left_out))


def _dealt(
    groups: Sequence[tuple[str, ...]],
    is_positive: Callable[[str], bool],
    fraction: Callable[[str, str], float],
    folds: int,
) -> Iterable[tuple[tuple[str, ...], int]]:
    """Groups with their folds: shuffled by the key, then dealt like cards, each class for itself."""
    for wanted in (True, False):
        alike = [group for group in groups if any(map(is_positive, group)) is wanted]
        alike.sort(key=lambda group: (fraction("fold", group[0]), group))
        yield from ((group, number % folds) for number, group in enumerate(alike))
