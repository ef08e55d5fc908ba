"""The locked test set: simulated patients by seed, in ranges that no training, validation or fitting uses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from osteo_pacs.phantom import PhantomKind, Truth, ideal_observer_t_score, out_of_scope_image, spine_image
from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.observer import PRECISION_CV
from osteo_pacs.phantom.patient import OSTEOPOROSIS_T_SCORE
from osteo_pacs.phantom.reference import young_adult
from osteo_pacs.phantom.scanner import SCANNERS
from osteo_pacs.phantom.side_by_side import in_processes

FIRST_SPINE = 41_000_000
FIRST_OUT_OF_SCOPE = 51_000_000
"""First seeds of the test set. `osteo_pacs.phantom.dataset` has 1 to 4 million; comparisons have 60 million on.

Those from 40 and from 50 million judged four versions of the weights; what they showed led to the next ones.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A simulated picture: uint8 of shape (rows, columns), and its truth."""

    seed: int
    pixels: npt.NDArray[np.uint8]
    truth: Truth


def spines(count: int, *, first_seed: int = FIRST_SPINE, overlay: bool | None = None) -> Iterator[Picture]:
    """AP spines of patients as they are referred, scanners mixed; ``overlay`` as in `spine_image`."""
    return in_processes(partial(_spine, overlay=overlay), range(first_seed, first_seed + count))


def out_of_scope(kind: PhantomKind, count: int, *, first_seed: int = FIRST_OUT_OF_SCOPE) -> Iterator[Picture]:
    """Pictures of a kind that must be refused."""
    for seed in range(first_seed, first_seed + count):
        yield Picture(seed, *out_of_scope_image(kind, seed))


def _spine(seed: int, *, overlay: bool | None) -> Picture:
    return Picture(seed, *spine_image(seed, overlay=overlay))


def ideal_probability(picture: Picture) -> float:
    """The ideal observer's probability of osteoporosis: one scan's T-score, blurred by the precision error.

    From one half on exactly where the reading is at or below -2.5. How common each T-score is does not enter.

    Raises:
        ValueError: the picture is none that may be read.
    """
    rng = random_stream(picture.seed, "ideal observer")
    t_score = ideal_observer_t_score(picture.truth, rng)
    patient = picture.truth.patient
    if patient is None:
        raise ValueError("nobody is shown")
    mean, sd = young_adult(SCANNERS[patient.scanner].make, patient.sex)
    error = PRECISION_CV * (mean + t_score * sd) / sd
    return NormalDist().cdf((OSTEOPOROSIS_T_SCORE - t_score) / error)


class SetDigest:
    """Names a set of pictures: sha256 over seeds, sizes, pixels and labels, in their order."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._seeds: list[int] = []

    def add(self, picture: Picture) -> None:
        """Takes one more picture in."""
        self._seeds.append(picture.seed)
        head = (picture.seed, picture.pixels.shape, picture.truth.kind.value, picture.truth.is_osteoporotic)
        self._sha256.update(repr(head).encode())
        self._sha256.update(np.ascontiguousarray(picture.pixels).data)

    def to_dict(self) -> dict[str, object]:
        """For the record of the evidence."""
        return {
            "pictures": len(self._seeds),
            "first_seed": min(self._seeds, default=0),
            "last_seed": max(self._seeds, default=0),
            "sha256": self._sha256.hexdigest(),
        }
