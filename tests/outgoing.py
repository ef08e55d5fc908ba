"""Reports in a database that wait to be delivered, made of small instances."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime

from pydicom.uid import (
    BasicTextSRStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)
from sqlalchemy import select

from osteo_pacs.clock import utc_now
from osteo_pacs.db import deliveries, model_versions, reports
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Delivery, Job, JobKind, Study
from osteo_pacs.jobs import queue
from peers.documents import part10

SOP_CLASSES = {
    "comprehensive_3d_sr": Comprehensive3DSRStorage,
    "comprehensive_sr": ComprehensiveSRStorage,
    "text_sr": BasicTextSRStorage,
    "picture": SecondaryCaptureImageStorage,
}
_serial = itertools.count(1)


@dataclass(frozen=True)
class Document:
    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    content: bytes


def document(kind: str) -> Document:
    uid = generate_uid()
    content = part10(SOP_CLASSES[kind], sop_instance_uid=uid)
    return Document(kind, SOP_CLASSES[kind], uid, generate_uid(), content)


def add_outgoing(
    database: Database,
    *destinations: str,
    srs: tuple[str, ...] = ("comprehensive_3d_sr", "comprehensive_sr"),
    others: tuple[str, ...] = ("text_sr",),
    now: datetime | None = None,
) -> list[int]:
    """A report of a new study with a DELIVER job for each destination; returns the jobs' ids."""
    now = now or utc_now()
    with database.write() as session:
        study_id = _add_study(session, now)
        report_id = reports.add_report(
            session,
            reports.NewReport(
                study_id=study_id,
                input_digest="d" * 64,
                model_version_id=model_versions.register(
                    session, model_versions.NewModelVersion("spine", "1.0", "b" * 64, "c" * 64, "2.25.9"), now
                ),
                outcome="positive",
                probability=0.75,
                created_at=now,
            ),
            [document(kind) for kind in (*srs, *others)],
        )
        job_ids = [_enqueue(session, study_id, name, now) for name in destinations]
        for job_id, name in zip(job_ids, destinations, strict=True):
            deliveries.add_delivery(
                session, report_id=report_id, job_id=job_id, destination=name, sr_kinds=srs, other_kinds=others
            )
    return job_ids


def job(database: Database, job_id: int) -> Job:
    with database.read() as session:
        return session.scalars(select(Job).where(Job.id == job_id)).one()


def delivery(database: Database, job_id: int) -> Delivery:
    with database.read() as session:
        return session.scalars(select(Delivery).where(Delivery.job_id == job_id)).one()


def contents(database: Database, job_id: int) -> dict[str, bytes]:
    """The Part 10 bytes of the job's documents, by SOP Instance UID."""
    with database.read() as session:
        outgoing = deliveries.documents_for_delivery(session, job_id)
    return {document.sop_instance_uid: document.content for document in (*outgoing.srs, *outgoing.others)}


def _add_study(session, now) -> int:
    study = Study(
        study_instance_uid=generate_uid(),
        received_at=now,
        opened_at=now,
        last_received_at=now,
        completed_at=now,
        complete_reason="quiet",
    )
    session.add(study)
    session.flush()
    return study.id


def _enqueue(session, study_id, destination, now) -> int:
    key = f"deliver:{next(_serial)}"
    return queue.enqueue(
        session, kind=JobKind.DELIVER, study_id=study_id, dedupe_key=key, now=now, destination=destination
    )
