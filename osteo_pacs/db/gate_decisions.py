"""What the gate decided of a model version, and what a person decided without it. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import GateDecision


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision on one version against another.

    Attributes:
        model_version_id: the candidate.
        against_model_version_id: the version in service that it was compared with; None where there was none.
        is_passed: whether every rule is met.
        record: every rule with its figure, as JSON.
        dataset_sha256: digest of the data set on which both were judged.
    """

    model_version_id: int
    against_model_version_id: int | None
    is_passed: bool
    record: Mapping[str, Any] = field(default_factory=dict)
    dataset_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDecision(NewDecision):
    """A decision that the database keeps; ``override_by`` and ``override_reason`` where a person did without."""

    id: int
    created_at: datetime
    override_by: str | None
    override_reason: str | None


def record_decision(session: Session, new: NewDecision, now: datetime) -> int:
    """Keeps what the gate has decided; its id."""
    return _add(session, new, now)


def record_override(
    session: Session, model_version_id: int, against: int | None, *, by: str, reason: str, now: datetime
) -> int:
    """Keeps that a person promotes a version that has not passed, and why; its id."""
    new = NewDecision(model_version_id, against, is_passed=False)
    return _add(session, new, now, override_by=by[:128], override_reason=reason[:1024])


def latest_decision(session: Session, model_version_id: int) -> KnownDecision | None:
    """The gate's newest decision on this version, whatever it was compared with; overrides are none."""
    found = [each for each in list_decisions(session, model_version_id) if each.override_by is None]
    return found[-1] if found else None


def list_decisions(session: Session, model_version_id: int) -> list[KnownDecision]:
    """Every decision on this version and every override, the newest last."""
    wanted = (
        select(GateDecision).where(GateDecision.model_version_id == model_version_id).order_by(GateDecision.id)
    )
    return [
        KnownDecision(
            model_version_id=row.model_version_id,
            against_model_version_id=row.against_model_version_id,
            is_passed=row.is_passed,
            record=row.record,
            dataset_sha256=row.dataset_sha256,
            id=row.id,
            created_at=row.created_at,
            override_by=row.override_by,
            override_reason=row.override_reason,
        )
        for row in session.scalars(wanted)
    ]


def _add(
    session: Session,
    new: NewDecision,
    now: datetime,
    *,
    override_by: str | None = None,
    override_reason: str | None = None,
) -> int:
    row = GateDecision(
        model_version_id=new.model_version_id,
        against_model_version_id=new.against_model_version_id,
        is_passed=new.is_passed,
        record=dict(new.record),
        dataset_sha256=new.dataset_sha256,
        override_by=override_by,
        override_reason=override_reason,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id
