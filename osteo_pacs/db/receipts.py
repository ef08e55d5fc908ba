"""The rows of what was received: studies, instances, and the associations that sent them.

with lean_write(database) as lean:
    records = record_instances(lean, [(NewInstance(...), Sender(...)), ...])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_into
from osteo_pacs.db.lean import Lean, Values
from osteo_pacs.db.tables import Instance, OpenAssociation, Study


@dataclass(frozen=True)
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

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands among others."""
        return self.study_instance_uid, self.sop_instance_uid


@dataclass(frozen=True, slots=True)
class Sender:
    """An association that sends, and until when its listener vouches for it."""

    association_id: str
    listener: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DeadAssociation:
    """An association whose listener died; ``calling_ae_title`` is who sent the study's last instance."""

    study_instance_uid: str
    calling_ae_title: str


class Outcome(Enum):
    """What became of an instance."""

    NEW = auto()
    SAME_BYTES = auto()
    RETURNED = auto()
    """The same bytes, whose file retention had taken: the new file is the instance's from now on."""
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


def record_instances(lean: Lean, received: Sequence[tuple[NewInstance, Sender | None]]) -> list[Record]:
    """Adds the rows of instances and their studies; the records stand in the order given.

    A study that was complete is open again when it gets a new instance. A sender is named with the first instance
    of a study alone.
    """
    # Everyone locks studies in this order, so that two listeners cannot wait for each other.
    in_order = sorted(range(len(received)), key=lambda number: received[number][0].place)
    records = {number: _record_instance(lean, *received[number]) for number in in_order}
    return [records[number] for number in range(len(received))]


def renew_associations(session: Session, senders: Iterable[tuple[Sender, int]]) -> None:
    """These associations, each with the id of a study it has sent for, are still open."""
    rows = [asdict(sender) | {"study_id": study_id} for sender, study_id in senders]
    if rows:
        insert = insert_into(session, OpenAssociation)
        statement = insert.on_conflict_do_update(
            index_elements=["association_id", "study_id"], set_={"expires_at": insert.excluded.expires_at}
        )
        session.execute(statement, rows)


def close_associations(session: Session, association_ids: Iterable[str]) -> None:
    """These associations have ended."""
    session.execute(delete(OpenAssociation).where(OpenAssociation.association_id.in_(list(association_ids))))


def close_listener(session: Session, listener: str) -> None:
    """All associations of a listener have ended."""
    session.execute(delete(OpenAssociation).where(OpenAssociation.listener == listener))


def find_dead_associations(session: Session, expired_before: datetime) -> bool:
    """Whether an association is left that no listener has vouched for since then."""
    is_dead = OpenAssociation.expires_at <= expired_before
    return session.scalar(select(OpenAssociation.study_id).where(is_dead).limit(1)) is not None


def close_dead_associations(session: Session, expired_before: datetime) -> list[DeadAssociation]:
    """Removes the associations that no listener has vouched for since then; tells of what studies they were."""
    is_dead = OpenAssociation.expires_at <= expired_before
    study_ids = session.scalars(delete(OpenAssociation).where(is_dead).returning(OpenAssociation.study_id)).all()
    return [DeadAssociation(*session.execute(_LAST_OF, {"of_study": study_id}).one()) for study_id in study_ids]


def known_paths(session: Session, paths: Sequence[str]) -> dict[str, bool]:
    """Those of these files of the spool that a row names; False for what retention has taken."""
    named = select(Instance.path, Instance.removed_at).where(Instance.path.in_(paths))
    return {path: removed_at is None for path, removed_at in session.execute(named)}


def _record_instance(lean: Lean, instance: NewInstance, sender: Sender | None) -> Record:
    values = vars(instance) | {"received_at": lean.time(instance.received_at)}
    if (known := lean.first(_FIND, values)) and (record := _known_record(lean, instance, *known)):
        return record
    study_id, patient_digest = lean.first(_TOUCH, values) or ()
    added = lean.first(_ADD, values | {"study_id": study_id})
    if added is None:
        # Another listener was faster with the same UID.
        return _record_instance(lean, instance, sender)
    if sender:
        lean.run(_VOUCH, _sender_values(lean, sender, study_id))
    is_other = patient_digest != instance.patient_digest
    return Record(Outcome.NEW, added[0], study_id, instance.path, is_other_patient=is_other)


def _known_record(  # noqa: PLR0917 - the columns in their order
    lean: Lean,
    instance: NewInstance,
    instance_id: int,
    study_id: int,
    sha256: str,
    path: str,
    study_instance_uid: str,
    is_removed: bool,  # noqa: FBT001 - a column
) -> Record | None:
    """The row that the UID has; None where retention has just forgotten it."""
    if study_instance_uid != instance.study_instance_uid:
        return Record(Outcome.OTHER_STUDY, instance_id, study_id, path)
    if sha256 != instance.sha256:
        return Record(Outcome.OTHER_BYTES, instance_id, study_id, path)
    if is_removed:
        return _take_back(lean, instance, instance_id, study_id)
    return Record(Outcome.SAME_BYTES, instance_id, study_id, path)


def _take_back(lean: Lean, instance: NewInstance, instance_id: int, study_id: int) -> Record | None:
    values = {"instance_id": instance_id, "study_id": study_id, "path": instance.path}
    # The study first, as everyone does who changes both: two that began at either end would wait for each other.
    if lean.first(_TOUCH_AGAIN, values | {"received_at": lean.time(instance.received_at)}) is None:
        return None
    lean.run(_TAKE_BACK, values)
    return Record(Outcome.RETURNED, instance_id, study_id, instance.path)


def _sender_values(lean: Lean, sender: Sender, study_id: int) -> Values:
    return {
        "association_id": sender.association_id,
        "study_id": study_id,
        "listener": sender.listener,
        "expires_at": lean.time(sender.expires_at),
    }


_LAST_OF = (
    select(Study.study_instance_uid, func.coalesce(Instance.calling_ae_title, "unknown"))
    .outerjoin(Instance, Instance.study_id == Study.id)
    .where(Study.id == bindparam("of_study"))
    .order_by(Instance.id.desc())
    .limit(1)
)
_FIND = """
SELECT instance.id, instance.study_id, instance.sha256, instance.path, study.study_instance_uid,
       instance.removed_at IS NOT NULL
FROM instance JOIN study ON study.id = instance.study_id
WHERE instance.sop_instance_uid = :sop_instance_uid
"""

_TOUCH = """
INSERT INTO study (study_instance_uid, accession_number, patient_digest, received_at, opened_at, last_received_at)
VALUES (:study_instance_uid, :accession_number, :patient_digest, :received_at, :received_at, :received_at)
ON CONFLICT (study_instance_uid) DO UPDATE SET
    last_received_at = CASE WHEN study.last_received_at > excluded.last_received_at
                            THEN study.last_received_at ELSE excluded.last_received_at END,
    opened_at = CASE WHEN study.completed_at IS NULL THEN study.opened_at ELSE excluded.opened_at END,
    completed_at = NULL,
    complete_reason = NULL,
    accession_number = CASE WHEN study.accession_number = '' THEN excluded.accession_number
                            ELSE study.accession_number END
RETURNING id, patient_digest
"""

_TOUCH_AGAIN = """
UPDATE study SET last_received_at = CASE WHEN last_received_at > :received_at
                                         THEN last_received_at ELSE :received_at END
WHERE id = :study_id
RETURNING id
"""

_TAKE_BACK = """
UPDATE instance SET path = :path, removed_at = NULL WHERE id = :instance_id
"""

_ADD = """
INSERT INTO instance (study_id, sop_instance_uid, sop_class_uid, series_instance_uid, transfer_syntax_uid, sha256,
                      size_bytes, path, calling_ae_title, received_at)
VALUES (:study_id, :sop_instance_uid, :sop_class_uid, :series_instance_uid, :transfer_syntax_uid, :sha256,
        :size_bytes, :path, :calling_ae_title, :received_at)
ON CONFLICT (sop_instance_uid) DO NOTHING
RETURNING id
"""

_VOUCH = """
INSERT INTO open_association (association_id, study_id, listener, expires_at)
VALUES (:association_id, :study_id, :listener, :expires_at)
ON CONFLICT (association_id, study_id) DO UPDATE SET expires_at = excluded.expires_at
"""
