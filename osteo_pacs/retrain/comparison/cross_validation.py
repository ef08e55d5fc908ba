"""Every patient is tested once, by networks that never saw them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from osteo_pacs.retrain.comparison.kept_folds import FoldResult, KeptFolds
from osteo_pacs.retrain.comparison.learning import Course, Pictures, probabilities, standardised, train

FreshNetworks = Callable[[], Mapping[str, nn.Module]]
"""Gives the networks by their names as they are before any training."""


@dataclass(frozen=True, slots=True)
class Division:
    """How the patients are divided.

    Attributes:
        folds: how many.
        seed: draws the folds and, in each, the order of the pictures and what is changed in them.
    """

    folds: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """All folds together.

    Attributes:
        scores: probabilities of the positive class by network, float64 of shape (pictures,).
        training_s: seconds by network.
        earlier_s: seconds of the folds that an earlier run had done.
    """

    scores: Mapping[str, Tensor]
    training_s: Mapping[str, float]
    earlier_s: float


def cross_validate(
    fresh_networks: FreshNetworks,
    pictures: Pictures,
    division: Division,
    course: Course,
    *,
    kept: KeptFolds,
    tell: Callable[[str], None],
) -> Outcome:
    """Trains and tests in every fold that was not kept, and keeps it."""
    folds, seed = division.folds, division.seed
    fold_by_picture = torch.tensor(fold_of(pictures.labels.tolist(), folds, seed))
    results, earlier_s = [], 0.0
    for fold in range(folds):
        result = kept.find(fold)
        if result is None:
            tell(f"Training without fold {fold + 1} of {folds}")
            result = _train_and_test(fresh_networks(), pictures, fold_by_picture == fold, course, seed + fold)
            kept.keep(fold, result)
        else:
            tell(f"Fold {fold + 1} of {folds} was done by an earlier run")
            earlier_s += result.seconds
        results.append(result)
    names = results[0].scores
    return Outcome(
        {name: _joined([result.scores[name] for result in results], fold_by_picture) for name in names},
        {name: sum(result.training_s[name] for result in results) for name in names},
        earlier_s,
    )


def fold_of(labels: Sequence[int], folds: int, seed: int) -> list[int]:
    """Each patient's fold; both classes are spread evenly."""
    rng = np.random.Generator(np.random.PCG64(seed))
    place = np.zeros(len(labels), dtype=np.intp)
    for label in sorted(set(labels)):
        members = np.flatnonzero(np.array(labels) == label)
        place[rng.permutation(members)] = np.arange(len(members)) % folds
    return [int(fold) for fold in place]


def _train_and_test(
    networks: Mapping[str, nn.Module], pictures: Pictures, is_tested: Tensor, course: Course, seed: int
) -> FoldResult:
    started = time.monotonic()
    training, testing = (pictures.take(torch.nonzero(where)[:, 0]) for where in (~is_tested, is_tested))
    seconds = train(list(networks.values()), standardised(training, training), course, seed)
    seen = standardised(testing, training)
    scores = {name: probabilities(network, seen, course).tolist() for name, network in networks.items()}
    return FoldResult(scores, dict(zip(networks, seconds, strict=True)), time.monotonic() - started)


def _joined(scores_by_fold: Sequence[list[float]], fold_by_picture: Tensor) -> Tensor:
    joined = torch.zeros(len(fold_by_picture), dtype=torch.double)
    for fold, scores in enumerate(scores_by_fold):
        joined[fold_by_picture == fold] = torch.tensor(scores, dtype=torch.double)
    return joined
