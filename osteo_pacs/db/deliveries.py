"""Deliveries: a report on its way to one destination. How far it is stands in its job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from osteo_pacs.db.reports import DocumentRef
from osteo_pacs.db.tables import Delivery, Document, Job, Report

WARNING_LENGTH = 255


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """An object to send; ``content`` is a Part 10 file, the same bytes at every send."""

    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a DELIVER job sends: one of ``srs``, the first that the destination accepts, and all of ``others``."""

    delivery_id: int
    report_id: int
    destination: str
    srs: tuple[OutgoingDocument, ...]
    others: tuple[OutgoingDocument, ...]


@dataclass(frozen=True, slots=True)
class DeliverySummary:
    """A delivery as it is shown; ``state`` and ``attempts`` are its job's."""

    job_id: int
    revision: int
    destination: str
    state: str
    attempts: int
    last_error: str | None
    warning: str | None
    delivered_at: datetime | None


def add_delivery(
    session: Session,
    *,
    report_id: int,
    job_id: int,
    destination: str,
    sr_kinds: Sequence[str],
    other_kinds: Sequence[str] = (),
) -> int:
    """Says what the DELIVER job sends, the SRs in the order of preference; returns the delivery's id."""
    values = {
        "report_id": report_id,
        "job_id": job_id,
        "destination": destination,
        "document_kinds": {"sr": [str(kind) for kind in sr_kinds], "with": [str(kind) for kind in other_kinds]},
    }
    delivery_id: int = session.scalars(_ADD, values).one()
    return delivery_id


def documents_for_delivery(session: Session, job_id: int) -> Outgoing:
    """What the job of this id sends.

    Raises:
        LookupError: it is no DELIVER job, or a document that it names does not exist.
    """
    delivery = session.execute(_OF_JOB, {"of_job": job_id}).one_or_none()
    if delivery is None:
        raise LookupError(f"job {job_id} delivers nothing")
    srs, others = delivery.document_kinds["sr"], delivery.document_kinds["with"]
    rows = session.execute(_DOCUMENTS, {"of_report": delivery.report_id, "kinds": [*srs, *others]})
    by_kind = {row.kind: OutgoingDocument(*row) for row in rows}
    return Outgoing(
        delivery_id=delivery.id,
        report_id=delivery.report_id,
        destination=delivery.destination,
        srs=tuple(by_kind[kind] for kind in srs),
        others=tuple(by_kind[kind] for kind in others),
    )


def mark_delivered(
    session: Session, job_id: int, *, sent_sop_instance_uid: str, now: datetime, warning: str | None = None
) -> None:
    """The destination has the report: this SR of it, with a warning or without."""
    values = {
        "sent_sop_instance_uid": sent_sop_instance_uid,
        "warning": warning[:WARNING_LENGTH] if warning else None,
        "delivered_at": now,
    }
    session.execute(_MARK, {"of_job": job_id, **values})


def sent_of(session: Session, job_id: int, sr_uid: str) -> dict[str, tuple[str, ...]]:
    """What a DELIVER job has sent whose SR is this one: SOP Instance UIDs by SOP Class UID."""
    sent: dict[str, tuple[str, ...]] = {}
    for row in session.execute(_SENT, {"of_job": job_id}):
        if row.kind in row.document_kinds["with"] or row.sop_instance_uid == sr_uid:
            sent[row.sop_class_uid] = (*sent.get(row.sop_class_uid, ()), row.sop_instance_uid)
    return sent


def taken_documents(session: Session, job_id: int) -> list[DocumentRef]:
    """What a destination has taken by a DELIVER job: the SR and what goes with it; nothing before that."""
    row = session.execute(_TAKEN_OF, {"of_job": job_id}).one_or_none()
    if row is None or row.sent_sop_instance_uid is None:
        return []
    found = session.execute(_REFERENCES, {"of_report": row.report_id})
    references = (DocumentRef(*reference) for reference in found)
    return [
        reference
        for reference in references
        if reference.sop_instance_uid == row.sent_sop_instance_uid or reference.kind in row.document_kinds["with"]
    ]


def list_deliveries(session: Session, study_id: int) -> list[DeliverySummary]:
    """The deliveries of a study's reports, the first revision first."""
    rows = session.execute(
        select(Delivery, Job.state, Job.attempts, Job.last_error, Report.revision)
        .join(Job, Delivery.job_id == Job.id)
        .join(Report, Delivery.report_id == Report.id)
        .where(Report.study_id == study_id)
        .order_by(Report.revision, Delivery.destination)
    )
    return [
        DeliverySummary(
            job_id=delivery.job_id,
            revision=revision,
            destination=delivery.destination,
            state=state,
            attempts=attempts,
            last_error=last_error,
            warning=delivery.warning,
            delivered_at=delivery.delivered_at,
        )
        for delivery, state, attempts, last_error, revision in rows
    ]


# Built once: the courier runs them for every report, and building a statement costs more than running it does.
_DELIVERY, _DOCUMENT = cast("Table", Delivery.__table__), cast("Table", Document.__table__)
_ADD = insert(_DELIVERY).returning(_DELIVERY.c.id)
_OF_JOB = select(_DELIVERY.c.id, _DELIVERY.c.report_id, _DELIVERY.c.destination, _DELIVERY.c.document_kinds).where(
    _DELIVERY.c.job_id == bindparam("of_job")
)
_DOCUMENTS = select(
    _DOCUMENT.c.kind, _DOCUMENT.c.sop_class_uid, _DOCUMENT.c.sop_instance_uid, _DOCUMENT.c.content
).where(_DOCUMENT.c.report_id == bindparam("of_report"), _DOCUMENT.c.kind.in_(bindparam("kinds", expanding=True)))
_SENT = (
    select(_DELIVERY.c.document_kinds, _DOCUMENT.c.kind, _DOCUMENT.c.sop_class_uid, _DOCUMENT.c.sop_instance_uid)
    .join(_DOCUMENT, _DOCUMENT.c.report_id == _DELIVERY.c.report_id)
    .where(_DELIVERY.c.job_id == bindparam("of_job"))
    .order_by(_DOCUMENT.c.id)
)
_TAKEN_OF = select(_DELIVERY.c.report_id, _DELIVERY.c.document_kinds, _DELIVERY.c.sent_sop_instance_uid).where(
    _DELIVERY.c.job_id == bindparam("of_job")
)
_REFERENCES = (
    select(
        _DOCUMENT.c.kind, _DOCUMENT.c.sop_class_uid, _DOCUMENT.c.sop_instance_uid, _DOCUMENT.c.series_instance_uid
    )
    .where(_DOCUMENT.c.report_id == bindparam("of_report"))
    .order_by(_DOCUMENT.c.id)
)
_MARK = update(_DELIVERY).where(_DELIVERY.c.job_id == bindparam("of_job"))
