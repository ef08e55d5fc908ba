"""The ideal observer: what a densitometer's reading of the simulated BMD would say, the ceiling for a model."""

from __future__ import annotations

import numpy as np

from osteo_pacs.phantom import reference
from osteo_pacs.phantom.kinds import Truth
from osteo_pacs.phantom.patient import OSTEOPOROSIS_T_SCORE
from osteo_pacs.phantom.scanner import SCANNERS

PRECISION_CV = 0.015
"""Coefficient of variation of repeated spine scans: means of 1.2 % (Hologic) and 1.7 % (GE) are published."""


def ideal_observer_t_score(truth: Truth, rng: np.random.Generator, precision_cv: float = PRECISION_CV) -> float:
    """The T-score after one scan of the true BMD with a precision error of ``precision_cv``.

    Raises:
        ValueError: the picture is none that may be read.
    """
    if truth.patient is None or truth.t_score is None:
        raise ValueError(f"a picture of kind {truth.kind} has no T-score")
    patient = truth.patient
    mean, sd = reference.young_adult(SCANNERS[patient.scanner].make, patient.sex)
    bmd = (mean + truth.t_score * sd) * (1 + float(rng.normal(0, precision_cv)))
    return (bmd - mean) / sd


def ideal_observer_score(truth: Truth, rng: np.random.Generator, precision_cv: float = PRECISION_CV) -> float:
    """Higher means more likely osteoporotic; positive exactly where the reading is at or below -2.5."""
    return OSTEOPOROSIS_T_SCORE - ideal_observer_t_score(truth, rng, precision_cv)
