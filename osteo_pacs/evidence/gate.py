"""Whether a candidate may take the active model's place: rules with a figure, its interval, a limit and a verdict.

The candidate has to be non-inferior, not merely not shown to be worse: the lower end of the interval of a paired
difference must lie above the negative margin (FDA, Non-Inferiority Clinical Trials, 2016; Blackwelder 1982). Ends
are one-sided at 2.5 %. Differences of shares: Tango 1998; of AUROC: DeLong et al. 1988; where somebody has several
images, the wider of these and the bootstrap over patients. ``docs/explanation/gate.md`` says more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Any

import numpy as np

from osteo_pacs.evidence import delong
from osteo_pacs.evidence.cases import Case, Pair, pair_of, subgroups_of
from osteo_pacs.evidence.measures import auroc, ece, judge_difference, sensitivity, specificity
from osteo_pacs.evidence.paired import Discordance, paired_difference
from osteo_pacs.evidence.resample import LEVEL, Estimate, estimate, once, resamples

NOTHING = Estimate(float("nan"), float("nan"), float("nan"))


class Verdict(StrEnum):
    """What a rule says."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    NOT_JUDGEABLE = "not judgeable"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is demanded; margins are how much worse a candidate may be, as shares."""

    sensitivity_margin: float = 0.05
    specificity_margin: float = 0.05
    auroc_margin: float = 0.02
    max_ece: float = 0.05
    refusal_margin: float = 0.02
    subgroup_margin: float = 0.1
    subgroup_min_cases: int = 20
    min_positives: int = 50
    min_negatives: int = 50
    resamples: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: a few words.
        figure: what was found, with its interval.
        limit: what it is compared with.
        verdict: of this rule.
        detail: on how many, or why it cannot be judged.
        is_required: whether a verdict other than pass keeps the candidate out.
    """

    name: str
    figure: Estimate
    limit: float
    verdict: Verdict
    detail: str
    is_required: bool = True

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.name,
            "figure": self.figure.to_dict(),
            "limit": self.limit,
            "verdict": self.verdict.value,
            "detail": self.detail,
            "is_required": self.is_required,
        }


@dataclass(frozen=True, slots=True)
class Leak:
    """How many of the test part's images and patients the candidate was made from; None: nothing tells."""

    images: int | None
    patients: int | None


def decide(cases: Sequence[Case], leak: Leak, limits: Limits) -> list[Rule]:
    """Every rule, in the order in which a person reads them."""
    pair = pair_of(cases)
    return [
        _unseen(leak),
        _enough("enough positive images", int(pair.labels.sum()), limits.min_positives),
        _enough("enough negative images", int((~pair.labels).sum()), limits.min_negatives),
        non_inferior("sensitivity", pair, limits.sensitivity_margin, limits, is_positive=True),
        non_inferior("specificity", pair, limits.specificity_margin, limits, is_positive=False),
        _ranks(pair, limits),
        _calibrated(pair, limits),
        _refuses(cases, limits),
        *_subgroups(cases, limits),
    ]


def is_passed(rules: Sequence[Rule]) -> bool:
    """Whether no rule keeps the candidate out: none fails, and every required one could be judged."""
    return all(
        rule.verdict is Verdict.PASS or (rule.verdict is Verdict.NOT_JUDGEABLE and not rule.is_required)
        for rule in rules
    )


def non_inferior(name: str, pair: Pair, margin: float, limits: Limits, *, is_positive: bool) -> Rule:
    """Sensitivity or specificity at each model's own operating point."""
    title, where = f"{name} not lower by the margin", pair.labels == is_positive
    detail = f"{int(where.sum())} {'positive' if is_positive else 'negative'} images"
    if not where.any():
        return Rule(title, NOTHING, -margin, Verdict.NOT_JUDGEABLE, detail)
    right = [readings.called[where] == is_positive for readings in (pair.candidate, pair.active)]
    found = Discordance.of(right[0], right[1])
    figure = _wider(paired_difference(found), pair, "sensitivity" if is_positive else "specificity", limits)
    counts = f"{detail}; right: candidate alone {found.first_only}, active alone {found.second_only}"
    return Rule(title, figure, -margin, _verdict(figure.low >= -margin), counts)


def _unseen(leak: Leak) -> Rule:
    name = "test images unseen in training"
    if leak.images is None or leak.patients is None:
        detail = "the candidate does not say what it was trained on"
        return Rule(name, NOTHING, 0, Verdict.NOT_JUDGEABLE, detail)
    seen = float(leak.images + leak.patients)
    detail = f"{leak.images} images and {leak.patients} patients of the test part were seen"
    return Rule(name, Estimate(seen, seen, seen), 0, _verdict(not seen), detail)


def _enough(name: str, count: int, least: int) -> Rule:
    return Rule(name, Estimate(count, count, count), least, _verdict(count >= least), "read by both models")


def _ranks(pair: Pair, limits: Limits) -> Rule:
    name, limit = "AUROC not lower by the margin", -limits.auroc_margin
    try:
        found = delong.areas(pair.labels, np.stack([pair.candidate.scores, pair.active.scores]))
    except ValueError as error:
        return Rule(name, NOTHING, limit, Verdict.NOT_JUDGEABLE, str(error))
    difference = float(found.values[0] - found.values[1])
    variance = float(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * max(variance, 0.0) ** 0.5
    figure = _wider(Estimate(difference, difference - reach, difference + reach), pair, "auroc", limits)
    return Rule(
        name, figure, limit, _verdict(figure.low >= limit), f"{found.values[0]:.4f} against {found.values[1]:.4f}"
    )


def _calibrated(pair: Pair, limits: Limits) -> Rule:
    """By the figure itself: the ends of ECE's interval are biased upwards in small samples (Kumar et al. 2019)."""
    draws = resamples(pair.patients, limits.resamples, limits.seed)
    sample = once(len(pair))
    figure = estimate(ece(pair.candidate, sample), ece(pair.candidate, draws)) if len(pair) else NOTHING
    verdict = _verdict(figure.value <= limits.max_ece) if len(pair) else Verdict.NOT_JUDGEABLE
    return Rule("calibrated (ECE)", figure, limits.max_ece, verdict, "of the candidate; by the figure itself")


def _refuses(cases: Sequence[Case], limits: Limits) -> Rule:
    refused = [
        np.array([bool(said.refusal) for said in both])
        for both in zip(*((c.candidate, c.active) for c in cases), strict=True)
    ]
    name, limit = "refusals not up by the margin", limits.refusal_margin
    if not refused:
        return Rule(name, NOTHING, limit, Verdict.NOT_JUDGEABLE, "no images")
    figure = paired_difference(Discordance.of(refused[0], refused[1]))
    detail = f"{int(refused[0].sum())} against {int(refused[1].sum())} of {len(cases)}"
    return Rule(name, figure, limit, _verdict(figure.high <= limit), detail)


def _subgroups(cases: Sequence[Case], limits: Limits) -> list[Rule]:
    """By the figure itself: an interval that excludes the margin would need more patients than subgroups have."""
    return [
        _of_subgroup(name, pair_of(members), limits, is_positive=is_positive)
        for name, members in subgroups_of(cases)
        for is_positive in (True, False)
    ]


def _of_subgroup(name: str, pair: Pair, limits: Limits, *, is_positive: bool) -> Rule:
    where, word = pair.labels == is_positive, "sensitivity" if is_positive else "specificity"
    title, count = f"{word} in {name}", int(where.sum())
    detail = f"{count} {'positive' if is_positive else 'negative'} images"
    if count < limits.subgroup_min_cases:
        few = f"{detail}, of {limits.subgroup_min_cases}"
        return Rule(title, NOTHING, -limits.subgroup_margin, Verdict.NOT_JUDGEABLE, few, is_required=False)
    right = [readings.called[where] == is_positive for readings in (pair.candidate, pair.active)]
    figure = paired_difference(Discordance.of(right[0], right[1]))
    verdict = _verdict(figure.value >= -limits.subgroup_margin)
    return Rule(title, figure, -limits.subgroup_margin, verdict, detail, is_required=False)


def _wider(figure: Estimate, pair: Pair, name: str, limits: Limits) -> Estimate:
    """The interval, no narrower than the bootstrap over patients where somebody has several images."""
    if not pair.has_shared_patients:
        return figure
    measures = {"sensitivity": sensitivity, "specificity": specificity, "auroc": auroc}
    draws = resamples(pair.patients, limits.resamples, limits.seed)
    drawn = judge_difference(pair.candidate, pair.active, draws, {name: measures[name]})[name]
    return Estimate(figure.value, min(figure.low, drawn.low), max(figure.high, drawn.high))


def _verdict(holds: bool) -> Verdict:  # noqa: FBT001 - it is what is judged
    return Verdict.PASS if holds else Verdict.FAIL
