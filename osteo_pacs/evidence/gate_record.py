"""The figures of a comparison and the gate's rules, as a record for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from osteo_pacs.evidence import delong
from osteo_pacs.evidence.cases import Case, Pair, pair_of
from osteo_pacs.evidence.gate import Leak, Limits, decide, is_passed
from osteo_pacs.evidence.measures import judge, judge_difference
from osteo_pacs.evidence.proportion import share
from osteo_pacs.evidence.resample import LEVEL, Estimate, resamples


def gate_record(cases: Sequence[Case], leak: Leak, limits: Limits) -> dict[str, Any]:
    """Everything that is told of the two models on these images."""
    pair = pair_of(cases)
    rules = decide(cases, leak, limits)
    return {
        "images": len(cases),
        "positives": sum(case.is_positive for case in cases),
        "read_by_both": len(pair),
        "bootstrap": {"resamples": limits.resamples, "seed": limits.seed, "level": LEVEL},
        "figures": _figures(pair, limits),
        "auroc_difference_p": _p_value(pair),
        "refused": {
            "candidate": _refused([bool(case.candidate.refusal) for case in cases]),
            "active": _refused([bool(case.active.refusal) for case in cases]),
        },
        "rules": [rule.to_dict() for rule in rules],
        "is_passed": is_passed(rules),
    }


def _figures(pair: Pair, limits: Limits) -> dict[str, dict[str, Any]]:
    """Of those that both have read, by name: the candidate's, the active model's, and the paired difference."""
    if not len(pair):
        return {}
    draws = resamples(pair.patients, limits.resamples, limits.seed)
    columns = {
        "candidate": judge(pair.candidate, draws),
        "active": judge(pair.active, draws),
        "difference": judge_difference(pair.candidate, pair.active, draws),
    }
    return {
        name: {column: found[name].to_dict() for column, found in columns.items()} for name in columns["candidate"]
    }


def _p_value(pair: Pair) -> float | None:
    try:
        found = delong.areas(pair.labels, np.stack([pair.candidate.scores, pair.active.scores]))
    except ValueError:
        return None
    return round(delong.p_value(found), 4)


def _refused(refusals: Sequence[bool]) -> dict[str, Any]:
    found: Estimate = share(sum(refusals), len(refusals))
    return {"images": sum(refusals), "share": found.to_dict()}
