"""What the model was meant to reach, and whether it did: by the figure itself, whatever its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LEAST_POSITIVES = 20
"""A subgroup with fewer positive patients is shown but not judged: one patient would move it by 5 points."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, its limit, and the figure that was found; ``is_met`` is False where there is no figure."""

    goal: str
    limit: float
    figure: float | None
    detail: str
    is_met: bool


def judge_goals(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The five goals, as records."""
    test, refusals = evidence["test"], evidence["refusals"]
    behind = test["difference"]["accuracy"]["value"]
    return [
        asdict(goal)
        for goal in (
            _at_most("accuracy at most 2 points below the ideal observer's", 0.02, _minus(behind)),
            _at_most("ECE at most 0.03 after calibration", 0.03, test["model"]["ece"]["value"]),
            _of_subgroups(test["subgroups"]),
            _at_least("at least 99 % of out-of-scope pictures refused", 0.99, _refused(refusals["out_of_scope"])),
            _at_most("at most 2 % of good spines refused", 0.02, _refused(refusals["spines"])),
        )
    ]


def _at_most(goal: str, limit: float, figure: float | None, detail: str = "") -> Goal:
    return Goal(goal, limit, figure, detail, figure is not None and figure <= limit)


def _at_least(goal: str, limit: float, figure: float | None) -> Goal:
    return Goal(goal, limit, figure, "", figure is not None and figure >= limit)


def _of_subgroups(groups: list[dict[str, Any]]) -> Goal:
    gaps = {
        f"{group['by']} {group['name']}": group["sensitivity_below_whole"]["value"]
        for group in groups
        if group["positives"] >= LEAST_POSITIVES and group["sensitivity_below_whole"]["value"] is not None
    }
    goal = "no subgroup's sensitivity more than 5 points below the whole's"
    if not gaps:
        return _at_most(goal, 0.05, None, "no subgroup has enough positive patients")
    worst = max(gaps, key=lambda name: gaps[name])
    return _at_most(goal, 0.05, gaps[worst], f"the furthest below is {worst}")


def _refused(kinds: list[dict[str, Any]]) -> float | None:
    pictures = sum(kind["pictures"] for kind in kinds)
    return round(sum(kind["refused"] for kind in kinds) / pictures, 4) if pictures else None


def _minus(value: float | None) -> float | None:
    return None if value is None else round(0.0 - value, 4)
