"""The rows of what was received: studies, instances, and the associations that sent them.

    records = record_instances(session, [(NewInstance(...), Sender(...)), ...])

This is the hot path of receiving, so its statements are built once for each database and not once for each call,
which costs ten times what SQLite takes to run them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Table, bindparam, case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Base, Instance, OpenAssociation, Study

_STUDY = Base.metadata.tables[Study.__tablename__]
_INSTANCE = Base.metadata.tables[Instance.__tablename__]
_OPEN_ASSOCIATION = Base.metadata.tables[OpenAssociation.__tablename__]
_UIDS = "uids"


@dataclass(frozen=True, slots=True)
class NewInstance:
    """An instance that lies in the spool and has no row yet."""

    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    accession_number: str
    patient_digest: str
    sha256: str
    size_bytes: int
    path: str
    calling_ae_title: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """An association that sends, and until when its listener vouches for it."""

    association_id: str
    listener: str
    expires_at: datetime


class Outcome(Enum):
    """What became of an instance."""

    NEW = auto()
    SAME_BYTES = auto()
    OTHER_BYTES = auto()
    OTHER_STUDY = auto()


@dataclass(frozen=True, slots=True)
class Record:
    """An instance's row: the new one, or the one that its SOP Instance UID already had."""

    outcome: Outcome
    instance_id: int
    study_id: int
    path: str
    """Where the kept instance lies in the spool."""
    is_other_patient: bool = False
    """The study began with another Patient ID."""


def record_instances(session: Session, received: Sequence[tuple[NewInstance, Sender | None]]) -> list[Record]:
    """Adds the rows of instances and their studies, in the order given; no SOP Instance UID stands there twice.

    A study that was complete is open again when it gets a new instance. A sender is named with the first instance
    of a study alone.
    """
    connection = session.connection()
    known = _find_known(connection, [instance for instance, _ in received])
    fresh = [pair for pair in received if pair[0].sop_instance_uid not in known]
    studies = _touch_studies(connection, [instance for instance, _ in fresh])
    added = _add_instances(connection, [instance for instance, _ in fresh], studies)
    senders = [(sender, studies[instance.study_instance_uid].id) for instance, sender in fresh if sender]
    _vouch(connection, senders)
    # Another listener may have been first with the same UID since we looked.
    known |= _find_known(connection, [i for i, _ in fresh if i.sop_instance_uid not in added])
    return [_record(instance, known, added, studies) for instance, _ in received]


def renew_associations(session: Session, senders: Iterable[tuple[Sender, int]]) -> None:
    """These associations, each with the id of a study it has sent for, are still open."""
    _vouch(session.connection(), senders)


def close_associations(session: Session, association_ids: Iterable[str]) -> None:
    """These associations have ended."""
    session.execute(delete(OpenAssociation).where(OpenAssociation.association_id.in_(list(association_ids))))


def close_listener(session: Session, listener: str, now: datetime) -> None:
    """All associations of a listener have ended, and those of listeners that died."""
    is_over = or_(OpenAssociation.listener == listener, OpenAssociation.expires_at <= now)
    session.execute(delete(OpenAssociation).where(is_over))


def known_paths(session: Session, paths: Sequence[str]) -> set[str]:
    """Those of these files of the spool that a row names."""
    return set(session.scalars(select(Instance.path).where(Instance.path.in_(paths))))


def _find_known(connection: Connection, instances: Sequence[NewInstance]) -> dict[str, Any]:
    """The rows that these SOP Instance UIDs have already, by UID."""
    if not instances:
        return {}
    rows = connection.execute(_FIND_KNOWN, {_UIDS: [instance.sop_instance_uid for instance in instances]})
    return {row.sop_instance_uid: row for row in rows}


def _touch_studies(connection: Connection, instances: Sequence[NewInstance]) -> dict[str, Any]:
    """The rows of these instances' studies by UID: new ones, or open again and with this last activity."""
    latest = {i.study_instance_uid: i for i in sorted(instances, key=lambda i: i.received_at)}
    if not latest:
        return {}
    # Everyone locks studies in this order, so that two listeners cannot wait for each other.
    values = [_study_values(latest[uid]) for uid in sorted(latest)]
    return {row.study_instance_uid: row for row in connection.execute(_touch(connection.dialect.name), values)}


def _add_instances(
    connection: Connection, instances: Sequence[NewInstance], studies: Mapping[str, Any]
) -> dict[str, int]:
    """Ids of the new rows by SOP Instance UID; a UID that another listener was faster with is left out."""
    if not instances:
        return {}
    in_order = sorted(instances, key=lambda i: (i.study_instance_uid, i.sop_instance_uid))
    values = [_instance_values(instance, studies[instance.study_instance_uid].id) for instance in in_order]
    return {row.sop_instance_uid: row.id for row in connection.execute(_add(connection.dialect.name), values)}


def _vouch(connection: Connection, senders: Iterable[tuple[Sender, int]]) -> None:
    rows = {
        (sender.association_id, study_id): asdict(sender) | {"study_id": study_id} for sender, study_id in senders
    }
    if rows:
        connection.execute(_upsert_sender(connection.dialect.name), list(rows.values()))


def _study_values(instance: NewInstance) -> dict[str, Any]:
    return {
        "study_instance_uid": instance.study_instance_uid,
        "accession_number": instance.accession_number,
        "patient_digest": instance.patient_digest,
        "received_at": instance.received_at,
        "opened_at": instance.received_at,
        "last_received_at": instance.received_at,
    }


def _instance_values(instance: NewInstance, study_id: int) -> dict[str, Any]:
    return {
        "study_id": study_id,
        "sop_instance_uid": instance.sop_instance_uid,
        "sop_class_uid": instance.sop_class_uid,
        "series_instance_uid": instance.series_instance_uid,
        "transfer_syntax_uid": instance.transfer_syntax_uid,
        "sha256": instance.sha256,
        "size_bytes": instance.size_bytes,
        "path": instance.path,
        "calling_ae_title": instance.calling_ae_title,
        "received_at": instance.received_at,
    }


def _record(
    instance: NewInstance, known: Mapping[str, Any], added: Mapping[str, int], studies: Mapping[str, Any]
) -> Record:
    uid = instance.sop_instance_uid
    if uid in added:
        study = studies[instance.study_instance_uid]
        is_other = study.patient_digest != instance.patient_digest
        return Record(Outcome.NEW, added[uid], study.id, instance.path, is_other_patient=is_other)
    row = known[uid]
    if row.study_instance_uid != instance.study_instance_uid:
        outcome = Outcome.OTHER_STUDY
    else:
        outcome = Outcome.SAME_BYTES if row.sha256 == instance.sha256 else Outcome.OTHER_BYTES
    return Record(outcome, row.id, row.study_id, row.path)


_FIND_KNOWN = (
    select(
        _INSTANCE.c.id,
        _INSTANCE.c.study_id,
        _INSTANCE.c.sop_instance_uid,
        _INSTANCE.c.sha256,
        _INSTANCE.c.path,
        _STUDY.c.study_instance_uid,
    )
    .join(_STUDY, _STUDY.c.id == _INSTANCE.c.study_id)
    .where(_INSTANCE.c.sop_instance_uid.in_(bindparam(_UIDS, expanding=True)))
)


@cache
def _touch(dialect: str) -> Executable:
    insert = _insert(dialect, _STUDY)
    was_complete = _STUDY.c.completed_at.is_not(None)
    had_number = _STUDY.c.accession_number != ""
    return insert.on_conflict_do_update(
        index_elements=["study_instance_uid"],
        set_={
            "last_received_at": insert.excluded.last_received_at,
            "opened_at": case((was_complete, insert.excluded.opened_at), else_=_STUDY.c.opened_at),
            "completed_at": None,
            "complete_reason": None,
            "accession_number": case(
                (had_number, _STUDY.c.accession_number), else_=insert.excluded.accession_number
            ),
        },
    ).returning(_STUDY.c.id, _STUDY.c.study_instance_uid, _STUDY.c.patient_digest)


@cache
def _add(dialect: str) -> Executable:
    insert = _insert(dialect, _INSTANCE).on_conflict_do_nothing(index_elements=["sop_instance_uid"])
    return insert.returning(_INSTANCE.c.id, _INSTANCE.c.sop_instance_uid)


@cache
def _upsert_sender(dialect: str) -> Executable:
    insert = _insert(dialect, _OPEN_ASSOCIATION)
    return insert.on_conflict_do_update(
        index_elements=["association_id", "study_id"], set_={"expires_at": insert.excluded.expires_at}
    )


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
