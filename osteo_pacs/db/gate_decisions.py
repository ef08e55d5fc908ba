"""What the gate said of a model version; it stays with the version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from osteo_pacs.db.tables import ModelVersionRow

DECISIONS = "gate_decisions"


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision on a version against another; ``record`` has every rule with its figure."""

    model_version_id: int
    against_model_version_id: int | None
    is_passed: bool
    record: Mapping[str, Any]
    dataset_sha256: str


def record_decision(session: Session, new: NewDecision, now: datetime) -> None:
    """Adds a decision to those there are."""
    row = session.get_one(ModelVersionRow, new.model_version_id, with_for_update=True)
    decision = {
        "against": new.against_model_version_id,
        "is_passed": new.is_passed,
        "dataset_sha256": new.dataset_sha256,
        "record": dict(new.record),
        "created_at": now.isoformat(),
    }
    row.facts = {**row.facts, DECISIONS: [*row.facts.get(DECISIONS, ()), decision]}
    session.flush()


def latest_decision(session: Session, model_version_id: int) -> Mapping[str, Any] | None:
    """The last one of a version."""
    decisions = session.get_one(ModelVersionRow, model_version_id).facts.get(DECISIONS, ())
    return decisions[-1] if decisions else None
