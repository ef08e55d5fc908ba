"""Figures of a classifier at an operating point that was fixed beforehand, with bootstrap intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from ignite.engine import Events

from scripts.operating_point import calibrated
from scripts.release import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ignite.engine import Engine

BINS = 10
RESAMPLES = 1000
INTERVAL = (0.025, 0.975)


class Collector:
    """An engine's handler that keeps every image's probability and label, in the order of the data."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float]] = []

    def attach(self, engine: Engine) -> None:
        """Listens to the engine's iterations."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Keeps one batch; labels are one-hot."""
        self._rows += [(float(item["pred"][1]), float(item["label"][1])) for item in engine.state.output]

    @property
    def probabilities(self) -> torch.Tensor:
        """The network's own probability of the positive class, shape (images,)."""
        return torch.tensor([row[0] for row in self._rows], dtype=torch.double)

    @property
    def labels(self) -> torch.Tensor:
        """1 for positive, 0 for negative, shape (images,)."""
        return torch.tensor([row[1] for row in self._rows], dtype=torch.double)


def write(collector: Collector, decision: Mapping[str, Any], path: Path) -> None:
    """Writes the figures of what was collected as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, figures(collector.probabilities, collector.labels, decision))


def figures(raw: torch.Tensor, labels: torch.Tensor, decision: Mapping[str, Any]) -> dict[str, Any]:
    """Figures by name, each ``value`` with ``low`` and ``high`` of its 95 % bootstrap interval.

    Args:
        raw: the network's own probability of the positive class, shape (images,).
        labels: 1 or 0, shape (images,).
        decision: ``temperature``, ``offset`` and ``threshold`` of the bundle's metadata.
    """
    probability = calibrated(raw, decision["temperature"], decision["offset"])
    threshold = float(decision["threshold"])
    counted: dict[str, Any] = {"images": len(labels), "positives": int(labels.sum()), "threshold": threshold}
    counted["ece_before_calibration"] = round(expected_calibration_error(raw, labels), 4)
    counted |= _with_intervals(probability, labels, lambda p, t: _all(p, t, threshold))
    return counted


def _all(probability: torch.Tensor, labels: torch.Tensor, threshold: float) -> dict[str, float]:
    return {
        "auroc": area_under_roc(probability, labels),
        "auprc": average_precision(probability, labels),
        "brier": float(((probability - labels) ** 2).mean()),
        "ece": expected_calibration_error(probability, labels),
        **at_threshold(probability, labels, threshold),
    }


def area_under_roc(probability: torch.Tensor, labels: torch.Tensor) -> float:
    """The chance that a positive scores above a negative, ties counted half (Mann and Whitney)."""
    negatives, positives = probability[labels == 0].sort().values, probability[labels > 0]
    below = torch.searchsorted(negatives, positives).double()
    up_to = torch.searchsorted(negatives, positives, right=True).double()
    return float(((below + up_to) / 2).mean() / len(negatives))


def average_precision(probability: torch.Tensor, labels: torch.Tensor) -> float:
    """Mean precision over the positives, from the highest score down."""
    hits = labels[probability.argsort(descending=True, stable=True)] > 0
    precision = hits.cumsum(0).double() / torch.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def at_threshold(probability: torch.Tensor, labels: torch.Tensor, threshold: float) -> dict[str, float]:
    """Accuracy, sensitivity (recall), specificity, precision and F1 of ``probability >= threshold``."""
    is_called, is_positive = probability >= threshold, labels > 0
    hits = float((is_called & is_positive).sum())
    called, positives, images = float(is_called.sum()), float(is_positive.sum()), len(labels)
    negatives_left = float((~is_called & ~is_positive).sum())
    return {
        "accuracy": (hits + negatives_left) / images,
        "sensitivity": hits / max(positives, 1),
        "specificity": negatives_left / max(images - positives, 1),
        "precision": hits / max(called, 1),
        "f1": 2 * hits / max(called + positives, 1),
    }


def expected_calibration_error(probability: torch.Tensor, labels: torch.Tensor) -> float:
    """Mean distance between probability and frequency over ten equal bins, weighted by their images."""
    place = (probability * BINS).long().clamp(0, BINS - 1)
    gaps = torch.zeros(BINS, dtype=torch.double).index_add(0, place, (probability - labels).double())
    return float(gaps.abs().sum() / len(labels))


def _with_intervals(
    probability: torch.Tensor,
    labels: torch.Tensor,
    measure: Callable[[torch.Tensor, torch.Tensor], dict[str, float]],
) -> dict[str, dict[str, float]]:
    generator = torch.Generator().manual_seed(1)
    resampled = []
    while len(resampled) < RESAMPLES:
        drawn = torch.randint(len(labels), (len(labels),), generator=generator)
        if 0 < labels[drawn].sum() < len(labels):
            resampled.append(measure(probability[drawn], labels[drawn]))
    intervals = {}
    for name, value in measure(probability, labels).items():
        spread = torch.tensor([figure[name] for figure in resampled], dtype=torch.double)
        low, high = torch.quantile(spread, torch.tensor(INTERVAL, dtype=torch.double)).tolist()
        intervals[name] = {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
    return intervals
