"""Data sets: which labelled studies can be in one, what is in each, and on which side a patient stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.insert import insert_if_absent
from osteo_pacs.db.labels import KnownLabel, labelled_studies
from osteo_pacs.db.tables import DataSet, DataSetItem, DataSetPatient, Instance, Study
from osteo_pacs.errors import RetryableError


class SidesChanged(RetryableError):
    """Another data set was built meanwhile and has decided on the same patients."""

    remedy = "Build it again."


@dataclass(frozen=True, slots=True)
class SelectedImage:
    """An image that came before the model, with its file; ``sha256`` is of the Data Set as it was received."""

    sop_instance_uid: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A labelled study; ``patient_digest`` is empty where its header has no Patient ID."""

    study_id: int
    study_instance_uid: str
    patient_digest: str
    labels: tuple[KnownLabel, ...]
    images: tuple[SelectedImage, ...]


@dataclass(frozen=True, slots=True)
class NewItem:
    """A picture of a new data set."""

    image: str
    study_id: int
    patient_key: str
    part: str


@dataclass(frozen=True, slots=True)
class KnownDataSet:
    """A data set; ``facts`` has its counts and how it was made, ``created_at`` is when its labels were read."""

    id: int
    digest: str
    facts: Mapping[str, Any]
    created_at: datetime
    dropped_at: datetime | None


def candidates(session: Session) -> list[Candidate]:
    """Every labelled study, with its images that came before the model and are still here."""
    studies = labelled_studies(session)
    ids = [study.study_id for study in studies]
    patients = {
        row.id: row.patient_digest
        for row in session.execute(select(Study.id, Study.patient_digest).where(Study.id.in_(ids)))
    }
    images: dict[int, list[SelectedImage]] = defaultdict(list)
    columns = (Instance.study_id, Instance.sop_instance_uid, Instance.path, Instance.sha256)
    is_read = (Instance.is_selected.is_(True), Instance.pixel_digest.is_not(None), Instance.removed_at.is_(None))
    for study_id, *image in session.execute(
        select(*columns).where(Instance.study_id.in_(ids), *is_read).order_by(Instance.sop_instance_uid)
    ):
        images[study_id].append(SelectedImage(*image))
    return [
        Candidate(
            study.study_id,
            study.study_instance_uid,
            patients[study.study_id],
            study.labels,
            tuple(images[study.study_id]),
        )
        for study in studies
    ]


def known_sides(session: Session) -> dict[str, bool]:
    """For every patient of a data set that ever was, whether they are for testing."""
    columns = select(DataSetPatient.patient_key, DataSetPatient.is_test)
    return {row.patient_key: row.is_test for row in session.execute(columns)}


def add_data_set(
    session: Session,
    digest: str,
    facts: Mapping[str, Any],
    items: Sequence[NewItem],
    *,
    sides: Mapping[str, bool],
    now: datetime,
) -> tuple[int, bool]:
    """Adds a data set and holds its studies; the id, and whether it is new or was dropped before.

    Raises:
        SidesChanged: a patient stands on the other side by now.
    """
    _keep_sides(session, sides, now)
    values = {"digest": digest, "facts": dict(facts), "created_at": now}
    data_set_id = insert_if_absent(session, DataSet, values, ("digest",))
    if data_set_id is None:
        known = session.scalars(select(DataSet).where(DataSet.digest == digest).with_for_update()).one()
        was_dropped, known.dropped_at = known.dropped_at is not None, None
        return known.id, was_dropped
    here = _studies_here(session, {item.study_id for item in items})
    session.add_all(
        DataSetItem(
            data_set_id=data_set_id,
            image=item.image,
            study_id=item.study_id if item.study_id in here else None,
            patient_key=item.patient_key,
            part=item.part,
        )
        for item in items
    )
    session.flush()
    return data_set_id, True


def list_data_sets(session: Session, *, with_dropped: bool = False) -> list[KnownDataSet]:
    """The data sets, the newest first."""
    wanted = select(DataSet).order_by(DataSet.id.desc())
    if not with_dropped:
        wanted = wanted.where(DataSet.dropped_at.is_(None))
    return [_known(row) for row in session.scalars(wanted)]


def find_data_sets(session: Session, name: str) -> list[KnownDataSet]:
    """Those that are not dropped with this number, or whose digest begins so."""
    every = list_data_sets(session)
    by_number = [one for one in every if name == str(one.id)]
    return by_number or [one for one in every if len(name) >= 4 and one.digest.startswith(name.lower())]  # noqa: PLR2004 - a prefix that tells something


def drop_data_set(session: Session, data_set_id: int, now: datetime) -> None:
    """Its studies are not held by it any more; on which side its patients stand is kept."""
    session.execute(update(DataSet).where(DataSet.id == data_set_id).values(dropped_at=now))


def held_studies(session: Session, study_ids: Collection[int]) -> set[int]:
    """Those of these studies that a data set holds."""
    held = (
        select(DataSetItem.study_id)
        .join(DataSet, DataSet.id == DataSetItem.data_set_id)
        .where(DataSetItem.study_id.in_(study_ids), DataSet.dropped_at.is_(None))
    )
    return {study_id for study_id in session.scalars(held) if study_id is not None}


def _keep_sides(session: Session, sides: Mapping[str, bool], now: datetime) -> None:
    for patient_key, is_test in sorted(sides.items()):
        values = {"patient_key": patient_key, "is_test": is_test, "decided_at": now}
        insert_if_absent(session, DataSetPatient, values, ("patient_key",))
    known = known_sides(session)
    if changed := sum(known[patient] is not is_test for patient, is_test in sides.items()):
        raise SidesChanged(f"{changed} of {len(sides)} patients.")


def _studies_here(session: Session, study_ids: Collection[int]) -> set[int]:
    """Those that are still here; retention waits until the transaction ends."""
    wanted = select(Study.id).where(Study.id.in_(study_ids)).order_by(Study.id)
    return set(session.scalars(wanted.with_for_update()))


def _known(row: DataSet) -> KnownDataSet:
    return KnownDataSet(row.id, row.digest, row.facts, row.created_at, row.dropped_at)
