"""Into service, back, and out: each a person's act, atomic and audited; what is broken never comes in.

The trial takes seconds and lies before the transaction; so the transaction asks again whether the version in
service is still the one that the person saw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from osteo_pacs.audit.model_events import model_changed
from osteo_pacs.audit.record import Participant
from osteo_pacs.db import audit, gate_decisions, model_versions, shadow
from osteo_pacs.db.model_versions import KnownModelVersion, ModelState
from osteo_pacs.db.session import Database, Session
from osteo_pacs.errors import PermanentError, RetryableError
from osteo_pacs.model_store import ModelStore


class GateNotPassed(PermanentError):
    """The version has not passed the gate against the version in service."""


class ModelInServiceChanged(RetryableError):
    """Another version went into service meanwhile; nothing was changed."""

    remedy = "Look at `osteo-pacs model list`, and decide again."


class InServiceAlready(PermanentError):
    """The version is in service already."""

    remedy = "`osteo-pacs model list` shows which versions are candidates."


class NothingToRollBackTo(PermanentError):
    """No version was in service before the one that is."""

    remedy = "`osteo-pacs model promote VERSION` puts another into service."


class NoCandidate(PermanentError):
    """The version is no candidate."""

    remedy = "Only a candidate is retired; the version in service is replaced by promoting another."


class BundleNotInStore(PermanentError):
    """The bundle of the version is not in the model store."""

    remedy = "Bring it back: `osteo-pacs model import FOLDER`."


@dataclass(frozen=True, slots=True)
class Change:
    """A person who changes the version in service, and with what.

    Attributes:
        database: of the installation.
        store: of its model versions.
        by: who.
        clock: the time, asked when the change is made.
        trial: loads a bundle and lets it predict; raises where it cannot.
    """

    database: Database
    store: ModelStore
    by: Participant
    clock: Callable[[], datetime]
    trial: Callable[[Path], object]


def promote(change: Change, candidate: KnownModelVersion, override_reason: str | None = None) -> None:
    """Puts a version into service; one that was in service before needs no gate.

    Args:
        change: who, and with what.
        candidate: the version.
        override_reason: why it goes into service without the gate; None where it has passed.

    Raises:
        InServiceAlready, GateNotPassed, BundleNotInStore, TrialFailed, ModelInServiceChanged: nothing was changed.
        BundleTampered, BundleNotSigned, KeyUnusable, BundleUnusable: likewise, its bundle does not load.
    """
    with change.database.read() as session:
        before = model_versions.active(session)
        if before and before.id == candidate.id:
            raise InServiceAlready(f"{candidate.version}.")
        if override_reason is None:
            _require_gate(session, candidate, before)
    _try(change, candidate)
    with change.database.write() as session:
        now = change.clock()
        _require_unchanged(session, before)
        if override_reason is not None:
            against = before.id if before else None
            gate_decisions.record_override(
                session, candidate.id, against, by=change.by.user_id, reason=override_reason, now=now
            )
        without = f" without the gate, because: {override_reason}" if override_reason is not None else ""
        model_versions.activate(session, candidate.id, now)
        _tell_of_service(session, change, (before, candidate), f"promoted{without}", now)


def roll_back(change: Change) -> KnownModelVersion:
    """Puts the version into service again that was before the last promotion, and returns it.

    Raises:
        NothingToRollBackTo, BundleNotInStore, TrialFailed, ModelInServiceChanged: nothing was changed.
        BundleTampered, BundleNotSigned, KeyUnusable, BundleUnusable: likewise, its bundle does not load.
    """
    with change.database.read() as session:
        before, previous = model_versions.active(session), model_versions.previous(session)
    if previous is None:
        raise NothingToRollBackTo
    _try(change, previous)
    with change.database.write() as session:
        _require_unchanged(session, before)
        now = change.clock()
        model_versions.activate(session, previous.id, now, is_rollback=True)
        _tell_of_service(session, change, (before, previous), "rolled back to", now)
    return previous


def retire(change: Change, candidate: KnownModelVersion) -> None:
    """A candidate is not wanted any more; it ends as a shadow, too.

    Raises:
        NoCandidate: it is in service, or was.
    """
    with change.database.write() as session:
        now = change.clock()
        model_versions.lock(session)
        if not model_versions.retire(session, candidate.id, now):
            found = model_versions.find(session, candidate.id)
            raise NoCandidate(f"{candidate.version} is {found.state if found else 'gone'}.")
        _end_shadow(session, candidate)
        _tell(session, change, candidate, f"model {candidate.name} {candidate.version} retired", now)


def cast_shadow(change: Change, candidate: KnownModelVersion) -> KnownModelVersion:
    """A candidate reads beside the version in service from the next report on, in place of another; returns it.

    Raises:
        InServiceAlready: it is the version in service.
        NoCandidate: it was retired.
        BundleNotInStore, TrialFailed, BundleUnusable, BundleTampered, BundleNotSigned: it cannot read.
    """
    _try(change, candidate)
    with change.database.write() as session:
        now = change.clock()
        model_versions.lock(session)
        found = model_versions.find(session, candidate.id)
        if found and found.state is ModelState.ACTIVE:
            raise InServiceAlready(f"{candidate.version}.")
        if found and found.state is ModelState.RETIRED and found.activated_at is None:
            raise NoCandidate(f"{candidate.version} is retired.")
        shadow.cast(session, candidate.id, now)
        _tell(session, change, candidate, f"model {candidate.name} {candidate.version} reads as shadow", now)
    return candidate


def end_shadow(change: Change) -> KnownModelVersion | None:
    """No version reads beside the one in service any more; returns the one that did."""
    with change.database.write() as session:
        cast = shadow.current(session)
        version = model_versions.find(session, cast.model_version_id) if cast else None
        if version is not None:
            _end_shadow(session, version)
            told = f"model {version.name} {version.version} no longer reads as shadow"
            _tell(session, change, version, told, change.clock())
    return version


def _require_gate(session: Session, candidate: KnownModelVersion, before: KnownModelVersion | None) -> None:
    found_now = model_versions.find(session, candidate.id)
    if before is None or (found_now is not None and found_now.activated_at is not None):
        return
    decision = gate_decisions.latest_decision(session, candidate.id)
    if decision and decision.is_passed and decision.against_model_version_id == before.id:
        return
    if decision is None:
        found = "it was not judged"
    elif not decision.is_passed:
        found = "it was judged and has not passed"
    else:
        found = "it passed against a version that is no longer in service"
    raise GateNotPassed(
        f"{candidate.version} against {before.version}: {found}.",
        remedy=f"Judge it: `osteo-pacs model gate {candidate.version}`. A person may do without: --override "
        "--reason TEXT, which the audit trail keeps.",
    )


def _try(change: Change, version: KnownModelVersion) -> None:
    if not change.store.has(version.bundle_sha256):
        raise BundleNotInStore(f"{version.version} in {change.store.folder}.")
    change.trial(change.store.folder_of(version.bundle_sha256))


def _require_unchanged(session: Session, before: KnownModelVersion | None) -> None:
    model_versions.lock(session)
    if model_versions.active_id(session) != (before.id if before else None):
        now_active = model_versions.active(session)
        raise ModelInServiceChanged(f"it is {now_active.version if now_active else 'none'} now.")


def _tell_of_service(
    session: Session,
    change: Change,
    versions: tuple[KnownModelVersion | None, KnownModelVersion],
    how: str,
    now: datetime,
) -> None:
    before, version = versions
    _end_shadow(session, version)
    replaced = f" in place of {before.name} {before.version}" if before else ""
    told = (
        f"model {version.name} {version.version} put into service{replaced}; bundle sha256 {version.bundle_sha256}"
    )
    _tell(session, change, version, f"{told}; {how}", now)


def _end_shadow(session: Session, version: KnownModelVersion) -> None:
    cast = shadow.current(session)
    if cast and cast.model_version_id == version.id:
        shadow.end(session)


def _tell(session: Session, change: Change, version: KnownModelVersion, what: str, now: datetime) -> None:
    folder = change.store.folder_of(version.bundle_sha256)
    audit.append(session, model_changed(folder, what, now, by=change.by))
