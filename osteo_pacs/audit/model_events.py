"""What becomes of models, in the terms of PS3.15 A.5.3: trainings, judgements, versions in and out of service."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from osteo_pacs.audit.events import COMMAND_LINE
from osteo_pacs.audit.record import (
    AuditedObject,
    AuditRecord,
    Participant,
    printable,
    security_alert,
    source_of,
)
from osteo_pacs.dicom.audit import Action, EventId, EventOutcome, EventType, ObjectKind, Role


def training_changed(
    training_id: int,
    what: str,
    kind: EventType,
    now: datetime,
    *,
    by: Participant | None = None,
    outcome: EventOutcome = EventOutcome.SUCCESS,
) -> AuditRecord:
    """A training was asked for, began, or ended: an application that starts or stops (A.5.3.1)."""
    launcher = (replace(by, role=Role.APPLICATION_LAUNCHER, is_requestor=True),) if by else ()
    return AuditRecord(
        now,
        EventId.APPLICATION_ACTIVITY,
        Action.EXECUTE,
        source_of(COMMAND_LINE if by else "trainer"),
        (Participant(f"training-{training_id}", Role.APPLICATION, name=f"training {training_id}"), *launcher),
        event_type=kind,
        outcome=outcome,
        description=printable(f"training {training_id} {what}"),
    )


def bundle_tampered(role: str, bundle: Path, reason: str, now: datetime) -> AuditRecord:
    """A bundle is not what its manifest says, and was not loaded (A.5.3.11, Software Configuration)."""
    resource = _bundle(bundle, reason)
    return security_alert(EventType.SOFTWARE_CONFIGURATION, role, resource, now, EventOutcome.SERIOUS_FAILURE)


def model_activated(bundle: Path, version: str, before: str | None, sha256: str, now: datetime) -> AuditRecord:
    """A model version is in service now (A.5.3.11, Software Configuration)."""
    replaced = f" in place of {before}" if before else ""
    resource = _bundle(bundle, f"model {version} put into service{replaced}; bundle sha256 {sha256}")
    return security_alert(EventType.SOFTWARE_CONFIGURATION, "worker", resource, now, EventOutcome.SUCCESS)


def model_changed(bundle: Path, what: str, now: datetime, *, by: Participant | None) -> AuditRecord:
    """A model version came, went into service or out of it (A.5.3.11, Software Configuration).

    Args:
        bundle: its folder.
        what: which version, and what became of it.
        now: when.
        by: the person who had it done; None where the trainer brings what it has trained.
    """
    role = COMMAND_LINE if by else "trainer"
    kind, outcome = EventType.SOFTWARE_CONFIGURATION, EventOutcome.SUCCESS
    return security_alert(kind, role, _bundle(bundle, what), now, outcome, performer=by)


def gate_decided(
    bundle: Path, version: str, against: str, now: datetime, *, is_passed: bool, by: Participant
) -> AuditRecord:
    """A person has had a candidate judged (A.5.3.11, Software Configuration); 4 where it did not pass."""
    word = "passed" if is_passed else "did not pass"
    resource = _bundle(bundle, f"model {version} {word} the gate against {against}")
    outcome = EventOutcome.SUCCESS if is_passed else EventOutcome.MINOR_FAILURE
    return security_alert(EventType.SOFTWARE_CONFIGURATION, COMMAND_LINE, resource, now, outcome, performer=by)


def _bundle(bundle: Path, detail: str) -> AuditedObject:
    return AuditedObject(ObjectKind.URI, bundle.absolute().as_uri(), "Model bundle", detail=printable(detail))
