"""One audit message as a value, and as what the database keeps of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from osteo_pacs.dicom.audit import Action, EventId, EventOutcome, EventType, ObjectKind, Role

LONGEST_TEXT = 512
LONGEST_ACTOR = 128


def printable(text: str) -> str:
    """A text that came from outside, fit for a database, XML and syslog: no control characters, not endless."""
    encodable = text.encode("utf-8", errors="replace").decode()
    return "".join(char if char.isprintable() else "?" for char in encodable[:LONGEST_TEXT])


@dataclass(frozen=True, slots=True)
class Participant:
    """Who took part (PS3.15 A.5.2, Active Participant).

    Attributes:
        user_id: a process's number, a peer's AE title, or a person as ``name@host``.
        role: what it did.
        is_requestor: whether it began it.
        ae_title: of an application that speaks DICOM.
        name: what people call it.
        address: IP address or name of its machine.
    """

    user_id: str
    role: Role | None = None
    is_requestor: bool = False
    ae_title: str = ""
    name: str = ""
    address: str = ""

    @property
    def label(self) -> str:
        """What a list calls it: a process by its name, anyone else by the ID."""
        return self.name if self.name and self.user_id.isdigit() else self.user_id


@dataclass(frozen=True, slots=True)
class AuditedObject:
    """What it was done to (PS3.15 A.5.2, Participant Object).

    Attributes:
        kind: what the ID is.
        object_id: it.
        name: what people call it.
        detail: a Security Alert's description.
        instances: SOP Instance UIDs by SOP Class UID; none where only the number is told.
        counts: numbers of instances by SOP Class UID.
    """

    kind: ObjectKind
    object_id: str
    name: str
    detail: str = ""
    instances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One event, as a message of PS3.15 A.5.3 tells it; no part of it names a patient.

    Attributes:
        source: the process that saw it happen, as ``role@host``.
        description: why it ended as it did, or what was done, in a sentence.
    """

    happened_at: datetime
    event_id: EventId
    action: Action
    source: str
    participants: tuple[Participant, ...]
    objects: tuple[AuditedObject, ...] = ()
    event_type: EventType | None = None
    outcome: EventOutcome = EventOutcome.SUCCESS
    description: str = ""

    @property
    def actor(self) -> str:
        """Who began it, as far as that is known; else who is told last, after the process that reports it."""
        *_, who = (*self.participants, *(each for each in self.participants if each.is_requestor))
        return who.label[:LONGEST_ACTOR]

    @property
    def studies(self) -> tuple[str, ...]:
        """The Study Instance UIDs that it is about."""
        return tuple(each.object_id for each in self.objects if each.kind is ObjectKind.STUDY)

    def facts(self) -> dict[str, Any]:
        """What the row keeps beside its columns, as plain JSON; what is empty is left out."""
        return _filled({
            "source": self.source,
            "description": self.description,
            "participants": [_filled(asdict(who)) for who in self.participants],
            "objects": [_filled(asdict(each)) for each in self.objects],
        })  # fmt: skip


def participants_of(facts: Mapping[str, Any], actor: str) -> tuple[Participant, ...]:
    """Those that ``facts`` name; a row from before they were kept knows its actor alone."""
    kept = facts.get("participants") or [{"user_id": actor}]
    return tuple(Participant(**who | {"role": Role(who["role"]) if "role" in who else None}) for who in kept)


def objects_of(facts: Mapping[str, Any]) -> tuple[AuditedObject, ...]:
    """Those that ``facts`` name."""
    return tuple(
        AuditedObject(
            **each
            | {
                "kind": ObjectKind(each["kind"]),
                "instances": {uid: tuple(uids) for uid, uids in each.get("instances", {}).items()},
            }
        )
        for each in facts.get("objects", ())
    )


def this_process(role: str) -> Participant:
    """The process that runs this."""
    return Participant(str(os.getpid()), name=role, address=socket.gethostname())


def source_of(role: str) -> str:
    """The process that runs this, as the source of a message."""
    return f"{role}@{socket.gethostname()}"


def _filled(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if value not in (None, "", False, [], {}, ())}


def security_alert(
    kind: EventType,
    role: str,
    subject: AuditedObject,
    now: datetime,
    outcome: EventOutcome,
    *,
    performer: Participant | None = None,
) -> AuditRecord:
    """Something that touches the system's security (A.5.3.11), with what it touches."""
    # Of a performing participant the standard says that it is no requestor.
    participants = (this_process(role), performer) if performer else (this_process(role),)
    return AuditRecord(
        now,
        EventId.SECURITY_ALERT,
        Action.EXECUTE,
        source_of(role),
        participants,
        (subject,),
        event_type=kind,
        outcome=outcome,
        description=subject.detail,
    )
