"""What two models said of the same images of a test part, whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osteo_pacs.evidence.measures import Readings
from osteo_pacs.evidence.subgroups import AGE_BANDS


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said of an image; no probability where it refused, with the reason."""

    probability: float | None = None
    is_called: bool = False
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """An image of a test part.

    Attributes:
        name: the image's, in the data set.
        patient: whose it is; images of one patient are drawn together.
        is_positive: the label.
        groups: the subgroups that it belongs to, as division and name.
        candidate, active: what both models said.
    """

    name: str
    patient: str
    is_positive: bool
    groups: tuple[tuple[str, str], ...]
    candidate: Said
    active: Said

    @property
    def is_read_by_both(self) -> bool:
        """Whether it can be compared."""
        return self.candidate.probability is not None and self.active.probability is not None


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Both models' readings of the same images, in the same order."""

    candidate: Readings
    active: Readings
    patients: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.candidate)

    @property
    def labels(self) -> npt.NDArray[np.bool_]:
        """The truth."""
        return self.candidate.labels

    @property
    def has_shared_patients(self) -> bool:
        """Whether somebody has several images."""
        return len(set(self.patients.tolist())) < len(self)


def pair_of(cases: Sequence[Case]) -> Pair:
    """The images that both have read."""
    read = [case for case in cases if case.is_read_by_both]
    candidate, active = (
        _readings([case.is_positive for case in read], said)
        for said in ([case.candidate for case in read], [case.active for case in read])
    )
    return Pair(candidate, active, np.array([case.patient for case in read], dtype=np.str_))


def subgroups_of(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    """Each subgroup by ``division name``, in their order."""
    for group in sorted({group for case in cases for group in case.groups}):
        yield " ".join(group), [case for case in cases if group in case.groups]


def age_band(years: float) -> str:
    """The band that an age belongs to."""
    return next(name for beyond, name in AGE_BANDS if years < beyond)


def _readings(labels: Sequence[bool], said: Sequence[Said]) -> Readings:
    return Readings(
        labels=np.array(labels, dtype=np.bool_),
        scores=np.array([one.probability for one in said], dtype=np.float64),
        called=np.array([one.is_called for one in said], dtype=np.bool_),
    )
