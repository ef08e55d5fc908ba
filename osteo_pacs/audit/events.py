"""Every event that is audited, one function each, in the terms of PS3.15 A.5.3.

The standard has no event for a queue of a worker; what was chosen instead stands with its reason in
``docs/reference/audit.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from osteo_pacs.audit.record import (
    AuditedObject,
    AuditRecord,
    Participant,
    printable,
    security_alert,
    source_of,
    this_process,
)
from osteo_pacs.dicom.audit import Action, EventId, EventOutcome, EventType, ObjectKind, Role

COMMAND_LINE = "cli"
STUDY_NAME = "Study"
LOG_NAME = "Security Audit Log"
QUARANTINE_NAME = "Quarantine"
DATA_SET_NAME = "Data set"


def application_activity(
    role: str,
    kind: EventType,
    now: datetime,
    *,
    of: Participant | None = None,
    outcome: EventOutcome = EventOutcome.SUCCESS,
    description: str = "",
) -> AuditRecord:
    """A process has started or stopped (A.5.3.1): this one, or the one that is named."""
    return AuditRecord(
        now,
        EventId.APPLICATION_ACTIVITY,
        Action.EXECUTE,
        source_of(role),
        (replace(of or this_process(role), role=Role.APPLICATION),),
        event_type=kind,
        outcome=outcome,
        description=printable(description),
    )


def lane_switched(lane: str, kind: EventType, now: datetime, *, by: Participant) -> AuditRecord:
    """A person has paused a lane of the queue, or resumes it: that application stops or starts (A.5.3.1)."""
    word = "paused" if kind is EventType.APPLICATION_STOP else "resumed"
    return AuditRecord(
        now,
        EventId.APPLICATION_ACTIVITY,
        Action.EXECUTE,
        source_of(COMMAND_LINE),
        (
            Participant(printable(lane), Role.APPLICATION, name=f"queue lane {printable(lane)}"),
            replace(by, role=Role.APPLICATION_LAUNCHER, is_requestor=True),
        ),
        event_type=kind,
        description=f"queue lane {printable(lane)} {word}",
    )


def instances_received(
    peer: Participant,
    study_instance_uid: str,
    counts: Mapping[str, int],
    now: datetime,
    *,
    are_new: bool,
    outcome: EventOutcome = EventOutcome.SUCCESS,
    description: str = "",
) -> AuditRecord:
    """An association has brought instances of a study (A.5.3.7); ``counts`` by SOP Class UID."""
    return AuditRecord(
        now,
        EventId.INSTANCES_TRANSFERRED,
        Action.CREATE if are_new else Action.READ,
        source_of("listener"),
        (
            replace(peer, role=Role.SOURCE, is_requestor=True),
            replace(this_process("listener"), role=Role.DESTINATION),
        ),
        (AuditedObject(ObjectKind.STUDY, study_instance_uid, STUDY_NAME, counts=counts),),
        outcome=outcome,
        description=printable(description),
    )


def report_sent(
    destination: Participant,
    study_instance_uid: str,
    instances: Mapping[str, tuple[str, ...]],
    now: datetime,
    *,
    outcome: EventOutcome = EventOutcome.SUCCESS,
    description: str = "",
) -> AuditRecord:
    """A delivery has ended (A.5.3.7): a sender cannot know what the receiver held, so its action is R."""
    return AuditRecord(
        now,
        EventId.INSTANCES_TRANSFERRED,
        Action.READ,
        source_of("courier"),
        (
            replace(this_process("courier"), role=Role.SOURCE, is_requestor=True),
            replace(destination, role=Role.DESTINATION),
        ),
        (AuditedObject(ObjectKind.STUDY, study_instance_uid, STUDY_NAME, instances=instances),),
        outcome=outcome,
        description=printable(description),
    )


def study_deleted(
    study_instance_uid: str, what: str, now: datetime, *, role: str, by: Participant | None = None
) -> AuditRecord:
    """Something of a study has gone (A.5.3.8): its instances, or all that was known of it.

    Args:
        study_instance_uid: the study.
        what: which of the two, why, and how much.
        now: when.
        role: the process that deletes.
        by: the person who had it done; None where the process did by itself.
    """
    study = AuditedObject(ObjectKind.STUDY, study_instance_uid, STUDY_NAME)
    return _deleted(study, what, now, role=role, by=by)


def quarantine_emptied(
    folder: Path, what: str, now: datetime, *, role: str, by: Participant | None = None
) -> AuditRecord:
    """Files of quarantine have gone (A.5.3.8), of studies that are not known; see ``study_deleted``."""
    quarantine = AuditedObject(ObjectKind.URI, folder.absolute().as_uri(), QUARANTINE_NAME)
    return _deleted(quarantine, what, now, role=role, by=by)


def association_refused(peer: Participant, reason: str, count: int, now: datetime) -> AuditRecord:
    """A peer was turned away, once or ``count`` times (A.5.3.11, Node Authentication)."""
    times = "" if count == 1 else f", {count} times"
    detail = f"association refused: {reason}{times}"
    node = AuditedObject(ObjectKind.NODE, peer.address or "several", "Peer", detail=printable(detail))
    kind, outcome = EventType.NODE_AUTHENTICATION, EventOutcome.MINOR_FAILURE
    return security_alert(kind, "listener", node, now, outcome, performer=peer)


def uid_conflict(
    peer: Participant, study_instance_uid: str, reason: str, count: int, now: datetime
) -> AuditRecord:
    """A peer sent other objects under UIDs that are here already (A.5.3.11, Use of Restricted Function)."""
    detail = f"{reason}: {count} {'instance' if count == 1 else 'instances'}"
    node = AuditedObject(ObjectKind.NODE, peer.address, "Peer", detail=printable(detail))
    study = AuditedObject(ObjectKind.STUDY, study_instance_uid, STUDY_NAME)
    kind, outcome = EventType.USE_OF_RESTRICTED_FUNCTION, EventOutcome.MINOR_FAILURE
    alert = security_alert(kind, "listener", node, now, outcome, performer=peer)
    return replace(alert, objects=(*alert.objects, study))


def database_upgraded(url: str, before: str | None, after: str, now: datetime, *, by: Participant) -> AuditRecord:
    """A person has brought the tables to another version (A.5.3.11, Software Configuration)."""
    detail = f"database upgraded from {before or 'empty'} to {after}"
    resource = AuditedObject(ObjectKind.URI, url, "Database", detail=printable(detail))
    kind, outcome = EventType.SOFTWARE_CONFIGURATION, EventOutcome.SUCCESS
    return security_alert(kind, COMMAND_LINE, resource, now, outcome, performer=by)


def jobs_changed(
    done: str, study_instance_uid: str, job_ids: Sequence[int], now: datetime, *, by: Participant
) -> AuditRecord:
    """A person has changed what is to be done for a study (A.5.3.15, Procedure Record)."""
    numbers = ", ".join(map(str, job_ids))
    return AuditRecord(
        now,
        EventId.PROCEDURE_RECORD,
        Action.UPDATE,
        source_of(COMMAND_LINE),
        (replace(by, is_requestor=True), this_process(COMMAND_LINE)),
        (AuditedObject(ObjectKind.STUDY, study_instance_uid, STUDY_NAME),),
        description=printable(f"{done}: {'job' if len(job_ids) == 1 else 'jobs'} {numbers}"),
    )


def study_labelled(
    what: str, study_instance_uid: str, now: datetime, *, role: str, by: Participant | None = None
) -> AuditRecord:
    """Something was said of a study for training (A.5.3.15, Procedure Record).

    Args:
        what: which label, and from where.
        study_instance_uid: the study.
        now: when.
        role: the process that keeps it.
        by: the person who had it done; None where it came with a document.
    """
    process = this_process(role)
    return AuditRecord(
        now,
        EventId.PROCEDURE_RECORD,
        Action.UPDATE,
        source_of(role),
        (replace(by, is_requestor=True), process) if by else (replace(process, is_requestor=True),),
        (AuditedObject(ObjectKind.STUDY, study_instance_uid, STUDY_NAME),),
        description=printable(what),
    )


def data_set_written(what: str, folder: Path, now: datetime, *, by: Participant) -> AuditRecord:
    """A person has had de-identified pictures written into a folder (A.5.3.6, Export)."""
    return AuditRecord(
        now,
        EventId.EXPORT,
        Action.READ,
        source_of(COMMAND_LINE),
        (
            replace(this_process(COMMAND_LINE), role=Role.SOURCE),
            replace(by, is_requestor=True),
        ),
        (AuditedObject(ObjectKind.URI, folder.absolute().as_uri(), DATA_SET_NAME),),
        description=printable(what),
    )


def data_set_dropped(what: str, folder: Path, now: datetime, *, by: Participant) -> AuditRecord:
    """A person has dropped a data set (A.5.3.8); its studies are not held by it any more."""
    data_set = AuditedObject(ObjectKind.URI, folder.absolute().as_uri(), DATA_SET_NAME)
    return _deleted(data_set, what, now, role=COMMAND_LINE, by=by)


def log_used(url: str, what: str, now: datetime, *, by: Participant) -> AuditRecord:
    """A person has read the audit trail (A.5.3.2)."""
    return AuditRecord(
        now,
        EventId.AUDIT_LOG_USED,
        Action.READ,
        source_of(COMMAND_LINE),
        (replace(by, is_requestor=True), this_process(COMMAND_LINE)),
        (AuditedObject(ObjectKind.URI, url, LOG_NAME),),
        description=printable(what),
    )


def _deleted(
    what_of: AuditedObject, what: str, now: datetime, *, role: str, by: Participant | None
) -> AuditRecord:
    process = this_process(role)
    participants = (replace(by, is_requestor=True), process) if by else (replace(process, is_requestor=True),)
    return AuditRecord(
        now,
        EventId.STUDY_DELETED,
        Action.DELETE,
        source_of(role),
        participants,
        (what_of,),
        description=printable(what),
    )
