"""How often the gate lets a candidate through: an equal one, and truly worse ones, by the size of the test part.

Patients are drawn whose two models are calibrated and err together as two trainings of one network do; a candidate
is worse because it calls wrong a share of what the active model calls right. Nothing is trained or read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from osteo_pacs.evidence.cases import Case, Said
from osteo_pacs.evidence.gate import Leak, Limits, decide, is_passed
from osteo_pacs.evidence.proportion import share

LIMITS = Limits(resamples=1)
"""Only the end of an interval that patients with several images need comes from the bootstrap; here are none."""
AGREEMENT = 0.9
"""Correlation of the two models' evidence, given the truth."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="test parts that are drawn for each number")
    parser.add_argument("--images", type=int, nargs="+", default=[250, 500, 1000, 2000, 4000])
    parser.add_argument("--positives", type=float, default=0.2, help="share of positive patients")
    parser.add_argument("--auroc", type=float, default=0.99, help="of the active model")
    parser.add_argument("--folder", type=Path, help="not used; every benchmark takes it")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    report = {
        "benchmark": "gate",
        "rounds": arguments.rounds,
        "positives": arguments.positives,
        "auroc": arguments.auroc,
        "agreement": AGREEMENT,
        "passed": {
            name: {str(images): passed(arguments, images, worse) for images in arguments.images}
            for name, worse in CANDIDATES.items()
        },
    }
    text = json.dumps(report, indent=1)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")


CANDIDATES = {
    "equal": (0.0, 0.0),
    "sensitivity lower by the margin": (LIMITS.sensitivity_margin, 0.0),
    "sensitivity lower by twice the margin": (2 * LIMITS.sensitivity_margin, 0.0),
    "specificity lower by the margin": (0.0, LIMITS.specificity_margin),
}
"""How much lower sensitivity and specificity truly are."""


def passed(arguments: argparse.Namespace, images: int, worse: tuple[float, float]) -> dict[str, float]:
    """The share of drawn test parts on which such a candidate passes, with its interval."""
    rng = np.random.Generator(np.random.PCG64(images))
    unseen = Leak(0, 0)
    count = sum(
        is_passed(decide(draw(rng, images, arguments.positives, arguments.auroc, worse), unseen, LIMITS))
        for _ in range(arguments.rounds)
    )
    found = share(count, arguments.rounds)
    return {"share": round(found.value, 3), "low": round(found.low, 3), "high": round(found.high, 3)}


def draw(
    rng: np.random.Generator, images: int, positives: float, auroc: float, worse: tuple[float, float]
) -> list[Case]:
    """A test part: log odds that are normal in each class with variance 2d about d and -d are calibrated."""
    labels = np.arange(images) < round(positives * images)
    shift = _shift(auroc)
    common, alone = rng.standard_normal(images), rng.standard_normal((2, images))
    noise = AGREEMENT**0.5 * common + (1 - AGREEMENT) ** 0.5 * alone
    evidence = np.where(labels, shift, -shift) + (2 * shift) ** 0.5 * noise
    prior = logit(positives)
    probability = expit(evidence + prior)
    # The operating point that the bundle's rule sets: 90 % of the positives.
    threshold = np.quantile(probability[1][labels], 0.1)
    called = probability >= threshold
    right = called[0] == labels
    base = np.where(labels, right[labels].mean(), right[~labels].mean())
    turned = right & (rng.random(images) < np.where(labels, *worse) / base)
    called[0] ^= turned
    return [
        Case(str(place), str(place), bool(labels[place]), (), *(
            Said(float(probability[model][place]), bool(called[model][place])) for model in (0, 1)
        ))
        for place in range(images)
    ]  # fmt: skip


def _shift(auroc: float) -> float:
    """Of the log odds: AUROC is the normal distribution's value at the square root of it."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(auroc) ** 2


if __name__ == "__main__":
    main()
