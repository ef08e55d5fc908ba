"""From the rows of a test set to its figures: the model beside the ideal observer, whole and by subgroup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osteo_pacs.evidence import delong
from osteo_pacs.evidence.measures import (
    AT_THRESHOLD,
    CALIBRATION,
    RANKING,
    Readings,
    judge,
    judge_difference,
    sensitivity,
)
from osteo_pacs.evidence.proportion import share
from osteo_pacs.evidence.resample import Estimate, Weights, estimate, once, resamples
from osteo_pacs.evidence.rows import Row, ideal_readings, model_readings, uncalibrated_readings
from osteo_pacs.evidence.subgroups import Subgroup, subgroups

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are made."""

    resamples: int = 2000
    seed: int = 1

    def weights(self, rows: Sequence[Row]) -> Weights:
        """The draws of these rows' patients."""
        return resamples([row.seed for row in rows], self.resamples, self.seed)


def summarise(rows: Sequence[Row], bootstrap: Bootstrap) -> Record:
    """Figures of those that were read; refused patients are counted, and stand in no other figure."""
    read = [row for row in rows if row.probability is not None]
    draws = bootstrap.weights(read)
    model, ideal = model_readings(read), ideal_readings(read)
    whole = _Whole(tuple(row.seed for row in read), model, draws)
    return {
        "patients": len(rows),
        "positives": sum(row.is_osteoporotic for row in rows),
        "read": len(read),
        "model": {**_dicts(judge(model, draws)), "auroc_delong": _auroc_by_delong(model)},
        "ideal_observer": _dicts(judge(ideal, draws)),
        "difference": _dicts(judge_difference(model, ideal, draws)),
        "before_calibration": _dicts(judge(uncalibrated_readings(read), draws, CALIBRATION)),
        "subgroups": [_of_subgroup(group, whole, bootstrap) for group in subgroups(rows)],
    }


def compare_overlay(without: Sequence[Row], with_overlay: Sequence[Row], bootstrap: Bootstrap) -> Record:
    """The same patients with and without burned-in lines and labels; only pairs that were both read."""
    pairs = [
        pair
        for pair in zip(without, with_overlay, strict=True)
        if pair[0].probability is not None and pair[1].probability is not None
    ]
    plain, marked = ([pair[place] for pair in pairs] for place in (0, 1))
    draws, measures = bootstrap.weights(plain), {**AT_THRESHOLD, **RANKING}
    shifts = [abs(float(b.probability or 0) - float(a.probability or 0)) for a, b in pairs]
    return {
        "patients": len(without),
        "positives": sum(row.is_osteoporotic for row in without),
        "read_both_ways": len(pairs),
        "without": _dicts(judge(model_readings(plain), draws, measures)),
        "with": _dicts(judge(model_readings(marked), draws, measures)),
        "difference": _dicts(judge_difference(model_readings(marked), model_readings(plain), draws, measures)),
        "changed_calls": share(sum(a.is_called != b.is_called for a, b in pairs), len(pairs)).to_dict(),
        "mean_shift": round(sum(shifts) / len(shifts), 4) if shifts else None,
    }


def refusals(counts: Mapping[str, Mapping[str, int]], selected: Mapping[str, int] | None = None) -> list[Record]:
    """For each kind of picture, how many were refused and why.

    Args:
        counts: kind to outcome to number; the outcome of a picture that was read is the empty string.
        selected: kind to how many the header alone would let before the model; None: all.
    """
    return [
        {
            "kind": kind,
            "pictures": (pictures := sum(outcomes.values())),
            "selected_by_header": pictures if selected is None else selected[kind],
            "refused": (refused := pictures - outcomes.get("", 0)),
            "share": share(refused, pictures).to_dict(),
            "reasons": {reason: number for reason, number in sorted(outcomes.items()) if reason},
        }
        for kind, outcomes in counts.items()
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """All that were read, beside whom subgroups stand: whose the readings are, and the draws that all share."""

    seeds: tuple[int, ...]
    readings: Readings
    draws: Weights


def _of_subgroup(group: Subgroup, whole: _Whole, bootstrap: Bootstrap) -> Record:
    read = [row for row in group.rows if row.probability is not None]
    draws = bootstrap.weights(read)
    measures = {**AT_THRESHOLD, **RANKING}
    refused = len(group.rows) - len(read)
    return {
        "by": group.by,
        "name": group.name,
        "patients": len(group.rows),
        "positives": group.positives,
        "refused": share(refused, len(group.rows)).to_dict(),
        "model": _dicts(judge(model_readings(read), draws, measures)),
        "ideal_observer": _dicts(judge(ideal_readings(read), draws, measures)),
        "sensitivity_below_whole": _behind(group, whole).to_dict(),
    }


def _behind(group: Subgroup, whole: _Whole) -> Estimate:
    """How much lower the subgroup's sensitivity is than that of all, under shared draws."""
    inside = {row.seed for row in group.rows}
    member = np.array([seed in inside for seed in whole.seeds], dtype=np.float64)
    sample = once(len(member))
    return estimate(
        sensitivity(whole.readings, sample) - sensitivity(whole.readings, sample * member),
        sensitivity(whole.readings, whole.draws) - sensitivity(whole.readings, whole.draws * member),
    )


def _auroc_by_delong(readings: Readings) -> Record | None:
    try:
        return delong.interval(delong.areas(readings.labels, readings.scores[None])).to_dict()
    except ValueError:
        return None


def _dicts(estimates: Mapping[str, Estimate]) -> Record:
    return {name: found.to_dict() for name, found in estimates.items()}
