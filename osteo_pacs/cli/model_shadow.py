"""What a version said as a shadow, in figures: how far it agrees with the version in service, and with labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osteo_pacs.db.session import Session
    from osteo_pacs.db.shadow import Pair
    from osteo_pacs.labels.effective import LabelRules


def shadow_facts(session: Session, model_version_id: int, rules: LabelRules) -> dict[str, Any]:
    """The comparison as JSON; intervals are 95 %."""
    from osteo_pacs.db import shadow

    return compared(shadow.pairs(session, model_version_id, rules))


def compared(pairs: Sequence[Pair]) -> dict[str, Any]:
    """How far both agree on what the shadow read, and how often it failed."""
    from osteo_pacs.db.shadow import FAILED
    from osteo_pacs.evidence.agreement import Said, agreement

    read = [pair for pair in pairs if pair.shadow_outcome != FAILED]
    found = agreement(
        [
            Said(pair.study_id, pair.outcome, pair.shadow_outcome, pair.probability, pair.shadow_probability)
            for pair in read
        ]
    )
    return {
        "read": len(read),
        "failed": len(pairs) - len(read),
        "agreement": found.share.to_dict(),
        "kappa": found.kappa.to_dict(),
        "mean_difference": found.difference.to_dict(),
        "labels": _against_labels(read),
    }


def in_words(facts: dict[str, Any]) -> str:
    """The comparison in a sentence."""
    share, kappa, labels = facts["agreement"], facts["kappa"], facts["labels"]
    told = f"as shadow: read {facts['read']}, failed {facts['failed']}"
    if facts["read"]:
        told += f"; agrees in {_interval(share)}, kappa {_interval(kappa)}"
        told += f", probability differs by {_interval(facts['mean_difference'])}"
    if labels["studies"]:
        told += f"; of {labels['studies']} labels it meets {_interval(labels['shadow'])}"
        told += f", the version in service {_interval(labels['in_service'])}"
    return told


def _against_labels(read: Sequence[Pair]) -> dict[str, Any]:
    """Where both gave an answer and someone said what is right."""
    from osteo_pacs.evidence.proportion import share

    answers = {"positive", "negative"}
    judged = [pair for pair in read if pair.label is not None and {pair.outcome, pair.shadow_outcome} <= answers]
    right = [sum((said == "positive") == pair.label for pair, said in each) for each in _said(judged)]
    return {
        "studies": len(judged),
        "in_service": share(right[0], len(judged)).to_dict(),
        "shadow": share(right[1], len(judged)).to_dict(),
    }


def _said(pairs: Sequence[Pair]) -> tuple[list[tuple[Pair, str]], list[tuple[Pair, str]]]:
    return [(pair, pair.outcome) for pair in pairs], [(pair, pair.shadow_outcome) for pair in pairs]


def _interval(estimate: dict[str, float | None]) -> str:
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    return "-" if value is None else f"{value:.3f} ({low:.3f} to {high:.3f})"
