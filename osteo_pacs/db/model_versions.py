"""Model versions: the bundles that are known, the one in service, and those that were before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_if_absent
from osteo_pacs.db.tables import ModelActivation, ModelVersionRow


class ModelState(StrEnum):
    """Where a model version stands; at most one is active."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class NewModelVersion:
    """A bundle by its digests; ``facts`` is what its metadata says beyond that, and its lineage."""

    name: str
    version: str
    bundle_sha256: str
    weights_sha256: str
    device_uid: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownModelVersion:
    """A bundle that the database knows."""

    id: int
    name: str
    version: str
    bundle_sha256: str
    weights_sha256: str
    device_uid: str
    state: ModelState
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Activation:
    """A version was put into service, by a promotion (the first start among them) or a rollback."""

    model_version_id: int
    is_rollback: bool
    activated_at: datetime


def register(session: Session, new: NewModelVersion, now: datetime) -> int:
    """The id of this bundle, which is added as a candidate when it is not known yet."""
    values = {
        "name": new.name,
        "version": new.version,
        "bundle_sha256": new.bundle_sha256,
        "weights_sha256": new.weights_sha256,
        "device_uid": new.device_uid,
        "facts": dict(new.facts),
        "created_at": now,
    }
    identity = ("name", "version", "bundle_sha256")
    insert_if_absent(session, ModelVersionRow, values, identity)
    return session.scalars(select(ModelVersionRow.id).filter_by(**{key: values[key] for key in identity})).one()


def lock(session: Session) -> None:
    """Whoever else changes which version is in service waits until this transaction ends."""
    session.execute(select(ModelVersionRow.id).order_by(ModelVersionRow.id).with_for_update())


def activate(session: Session, model_version_id: int, now: datetime, *, is_rollback: bool = False) -> bool:
    """Puts a version into service and retires the one before; False, and nothing done, when it is in service."""
    row = session.get_one(ModelVersionRow, model_version_id, with_for_update=True)
    if row.state == ModelState.ACTIVE:
        return False
    was_active = ModelVersionRow.state == ModelState.ACTIVE
    session.execute(update(ModelVersionRow).where(was_active).values(state=ModelState.RETIRED, retired_at=now))
    row.state, row.activated_at, row.retired_at = ModelState.ACTIVE, now, None
    session.add(ModelActivation(model_version_id=model_version_id, is_rollback=is_rollback, activated_at=now))
    session.flush()
    return True


def retire(session: Session, model_version_id: int, now: datetime) -> bool:
    """A candidate is not wanted; False, and nothing done, where it is none."""
    row = session.get_one(ModelVersionRow, model_version_id, with_for_update=True)
    if row.state != ModelState.CANDIDATE:
        return False
    row.state, row.retired_at = ModelState.RETIRED, now
    session.flush()
    return True


def active(session: Session) -> KnownModelVersion | None:
    """The version in service."""
    return next(_read(session, select(ModelVersionRow).where(ModelVersionRow.state == ModelState.ACTIVE)), None)


def active_id(session: Session) -> int | None:
    """The number of the version in service."""
    return session.scalar(select(ModelVersionRow.id).where(ModelVersionRow.state == ModelState.ACTIVE))


def find(session: Session, model_version_id: int) -> KnownModelVersion | None:
    """The version of this number."""
    return next(_read(session, select(ModelVersionRow).where(ModelVersionRow.id == model_version_id)), None)


def list_model_versions(session: Session) -> list[KnownModelVersion]:
    """Every version, the newest last."""
    return list(_read(session, select(ModelVersionRow).order_by(ModelVersionRow.id)))


def list_activations(session: Session) -> list[Activation]:
    """What was put into service, the first first."""
    return [
        Activation(row.model_version_id, row.is_rollback, row.activated_at)
        for row in session.scalars(select(ModelActivation).order_by(ModelActivation.id))
    ]


def previous(session: Session) -> KnownModelVersion | None:
    """The version that a rollback returns to: what was in service before the one in service was promoted.

    A version that was rolled back from is not among them: two rollbacks go two promotions back.
    """
    stack: list[int] = []
    for activation in list_activations(session):
        if activation.is_rollback:
            stack = stack[:-1]
        else:
            stack.append(activation.model_version_id)
    return find(session, stack[-2]) if len(stack) > 1 else None


def _read(session: Session, wanted: Select[ModelVersionRow]) -> Iterator[KnownModelVersion]:
    return (
        KnownModelVersion(
            id=row.id,
            name=row.name,
            version=row.version,
            bundle_sha256=row.bundle_sha256,
            weights_sha256=row.weights_sha256,
            device_uid=row.device_uid,
            state=ModelState(row.state),
            created_at=row.created_at,
            activated_at=row.activated_at,
            retired_at=row.retired_at,
            facts=row.facts,
        )
        for row in session.scalars(wanted)
    )
