"""Studies, instances and open associations: what was received, and when a study is whole.

records = record_instances(session, [(NewInstance(...), Sender(...)), ...])
due = find_open_studies(session, now, quiet_since=..., opened_before=..., limit=100, lock=True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy import and_, case, delete, literal_column, or_, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_into
from osteo_pacs.db.tables import Instance, OpenAssociation, Study


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
    is_other_patient: bool = False
    """The study began with another Patient ID."""


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study whose instances may still come."""

    study_id: int
    opened_at: datetime
    last_received_at: datetime
    has_open_association: bool


def record_instances(session: Session, received: Sequence[tuple[NewInstance, Sender | None]]) -> list[Record]:
    """Adds the rows of instances and their studies, in the order given; no SOP Instance UID stands there twice.

    A study that was complete is open again when it gets a new instance. A sender is named with the first instance
    of a study alone.
    """
    known = _find_known(session, [instance for instance, _ in received])
    fresh = [pair for pair in received if pair[0].sop_instance_uid not in known]
    # Everyone locks studies in this order, so that two listeners cannot wait for each other.
    fresh.sort(key=lambda pair: (pair[0].study_instance_uid, pair[0].sop_instance_uid))
    studies = _touch_studies(session, [instance for instance, _ in fresh])
    added = _add_instances(session, [instance for instance, _ in fresh], studies)
    _open_associations(session, fresh, studies)
    # Another listener may have been first with the same UID since we looked.
    known |= _find_known(session, [i for i, _ in fresh if i.sop_instance_uid not in added])
    return [_record(instance, known, added, studies) for instance, _ in received]


def renew_associations(session: Session, senders: Iterable[tuple[Sender, int]]) -> None:
    """These associations, each with the id of a study it has sent for, are still open."""
    _vouch(session, [asdict(sender) | {"study_id": study_id} for sender, study_id in senders])


def close_associations(session: Session, association_ids: Iterable[str]) -> None:
    """These associations have ended."""
    session.execute(delete(OpenAssociation).where(OpenAssociation.association_id.in_(list(association_ids))))


def close_listener(session: Session, listener: str, now: datetime) -> None:
    """All associations of a listener have ended, and those of listeners that died."""
    is_over = or_(OpenAssociation.listener == listener, OpenAssociation.expires_at <= now)
    session.execute(delete(OpenAssociation).where(is_over))


def find_open_studies(
    session: Session, now: datetime, *, quiet_since: datetime, opened_before: datetime, limit: int, lock: bool
) -> list[OpenStudy]:
    """Open studies without a new instance since ``quiet_since``, or opened before ``opened_before``.

    With ``lock`` no one else may complete them, or add to them, until the transaction ends.
    """
    has_open = (
        select(OpenAssociation.study_id)
        .where(OpenAssociation.study_id == Study.id, OpenAssociation.expires_at > now)
        .exists()
    )
    may_be_due = or_(Study.last_received_at <= quiet_since, Study.opened_at <= opened_before)
    # A literal, not a parameter: the partial index is used only where the planner sees its condition.
    statement = (
        select(Study.id, Study.opened_at, Study.last_received_at, has_open)
        .where(literal_column("study.completed_at IS NULL"), may_be_due)
        .order_by(Study.last_received_at)
        .limit(limit)
    )
    if lock:
        statement = statement.with_for_update(of=Study, skip_locked=True)
    return [OpenStudy(*row) for row in session.execute(statement)]


def mark_complete(session: Session, study_id: int, *, now: datetime, reason: str) -> None:
    """The study is whole, for this reason."""
    values = {"completed_at": now, "complete_reason": reason}
    session.execute(update(Study).where(Study.id == study_id).values(values))


def instance_uids(session: Session, study_id: int, sop_class_uids: Sequence[str]) -> list[str]:
    """The SOP Instance UIDs of a study's instances of these SOP Classes."""
    of_study = and_(Instance.study_id == study_id, Instance.sop_class_uid.in_(sop_class_uids))
    return list(session.scalars(select(Instance.sop_instance_uid).where(of_study)))


def known_paths(session: Session, paths: Sequence[str]) -> set[str]:
    """Those of these files of the spool that a row names."""
    return set(session.scalars(select(Instance.path).where(Instance.path.in_(paths))))


def _find_known(session: Session, instances: Sequence[NewInstance]) -> dict[str, Any]:
    """The rows that these SOP Instance UIDs have already, by UID."""
    if not instances:
        return {}
    uids = [instance.sop_instance_uid for instance in instances]
    statement = (
        select(
            Instance.id, Instance.study_id, Instance.sop_instance_uid, Instance.sha256, Study.study_instance_uid
        )
        .join(Study, Study.id == Instance.study_id)
        .where(Instance.sop_instance_uid.in_(uids))
    )
    return {row.sop_instance_uid: row for row in session.execute(statement)}


def _touch_studies(session: Session, instances: Sequence[NewInstance]) -> dict[str, Any]:
    """The rows of these instances' studies by UID: new ones, or open again and with this last activity."""
    latest = {instance.study_instance_uid: instance for instance in instances}
    if not latest:
        return {}
    insert = insert_into(session, Study)
    new = insert.excluded
    was_complete = Study.completed_at.is_not(None)
    statement = insert.on_conflict_do_update(
        index_elements=["study_instance_uid"],
        set_={
            "last_received_at": new.last_received_at,
            "opened_at": case((was_complete, new.opened_at), else_=Study.opened_at),
            "completed_at": None,
            "complete_reason": None,
            "accession_number": case(
                (Study.accession_number == "", new.accession_number), else_=Study.accession_number
            ),
        },
    ).returning(Study.id, Study.study_instance_uid, Study.patient_digest)
    rows = session.execute(statement, [_study_values(instance) for instance in latest.values()])
    return {row.study_instance_uid: row for row in rows}


def _study_values(instance: NewInstance) -> dict[str, Any]:
    return {
        "study_instance_uid": instance.study_instance_uid,
        "accession_number": instance.accession_number,
        "patient_digest": instance.patient_digest,
        "received_at": instance.received_at,
        "opened_at": instance.received_at,
        "last_received_at": instance.received_at,
    }


def _add_instances(
    session: Session, instances: Sequence[NewInstance], studies: Mapping[str, Any]
) -> dict[str, int]:
    """Ids of the new rows by SOP Instance UID; a UID that another listener was faster with is left out."""
    if not instances:
        return {}
    statement = insert_into(session, Instance).on_conflict_do_nothing(index_elements=["sop_instance_uid"])
    values = [_instance_values(i) | {"study_id": studies[i.study_instance_uid].id} for i in instances]
    rows = session.execute(statement.returning(Instance.id, Instance.sop_instance_uid), values)
    return {row.sop_instance_uid: row.id for row in rows}


def _instance_values(instance: NewInstance) -> dict[str, Any]:
    return {
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


def _open_associations(
    session: Session, received: Sequence[tuple[NewInstance, Sender | None]], studies: Mapping[str, Any]
) -> None:
    values = {
        (sender.association_id, instance.study_instance_uid): asdict(sender)
        | {"study_id": studies[instance.study_instance_uid].id}
        for instance, sender in received
        if sender
    }
    _vouch(session, list(values.values()))


def _vouch(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        insert = insert_into(session, OpenAssociation)
        statement = insert.on_conflict_do_update(
            index_elements=["association_id", "study_id"], set_={"expires_at": insert.excluded.expires_at}
        )
        session.execute(statement, rows)


def _record(
    instance: NewInstance, known: Mapping[str, Any], added: Mapping[str, int], studies: Mapping[str, Any]
) -> Record:
    uid = instance.sop_instance_uid
    if uid in added:
        study = studies[instance.study_instance_uid]
        is_other = study.patient_digest != instance.patient_digest
        return Record(Outcome.NEW, added[uid], study.id, is_other_patient=is_other)
    row = known[uid]
    if row.study_instance_uid != instance.study_instance_uid:
        outcome = Outcome.OTHER_STUDY
    else:
        outcome = Outcome.SAME_BYTES if row.sha256 == instance.sha256 else Outcome.OTHER_BYTES
    return Record(outcome, row.id, row.study_id)
