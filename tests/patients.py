"""Rows of a made-up test set, as an evaluation gives them."""

from __future__ import annotations

import numpy as np

from osteo_pacs.evidence.rows import Row

CONFOUNDERS = ("scoliosis", "metal", "obesity")


def made_up_rows(count=300, seed=1, refused=0):
    """A model that reads well, beside an ideal observer that reads better; the first ``refused`` are refused."""
    rng = np.random.default_rng(seed)
    return [_row(place, rng, is_refused=place < refused) for place in range(count)]


def _row(place, rng, *, is_refused):
    t_score = round(float(rng.normal(-1.5, 1.3)), 4)
    raw, probability, ideal = (
        round(float(1 / (1 + np.exp(slope * (t_score + 2.5 + rng.normal(0, spread))))), 4)
        for slope, spread in ((1, 0.5), (3, 0.5), (6, 0.1))
    )
    return Row(
        seed=place,
        scanner=("ge-idxa", "hologic")[place % 2],
        sex=("F", "M")[place % 3 == 0],
        age_years=40 + place % 50,
        confounders=tuple(name for name in CONFOUNDERS if rng.random() < 0.2),
        has_overlay=bool(rng.random() < 0.3),
        t_score=t_score,
        is_osteoporotic=t_score <= -2.5,
        ideal_probability=ideal,
        raw_probability=None if is_refused else raw,
        probability=None if is_refused else probability,
        is_called=not is_refused and probability >= 0.4,
        refusal="unlike_training_images" if is_refused else "",
    )
