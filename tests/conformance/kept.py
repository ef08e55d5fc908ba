"""Studies with files in a spool, brought to where a test needs them, and a keeper that lets them go."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from receipts import CR, NOW, new_instance, receive
from rows import add_jobs
from sqlalchemy import select

from osteo_pacs.audit.record import AuditRecord
from osteo_pacs.config import Settings
from osteo_pacs.db import audit, deliveries, labels, model_versions, reports, studies
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Instance, Job, JobKind, JobState, Study
from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.housekeeping.retention import Gone, Keeper
from osteo_pacs.housekeeping.retention_plan import Rules
from osteo_pacs.jobs.states import entering
from osteo_pacs.spool import Spool

DAY = timedelta(days=1)
BUNDLE = model_versions.NewModelVersion("spine", "1.0", "b" * 64, "c" * 64, "2.25.9")
AGES = {f"{state}_days": 30 for state in ("delivered", "refused", "nothing_to_read", "parked", "cancelled")}
_serial = itertools.count(1)


@dataclass(frozen=True)
class Document:
    sop_instance_uid: str
    kind: str = "comprehensive_3d_sr"
    sop_class_uid: str = "1.2.840.10008.5.1.4.1.1.88.34"
    series_instance_uid: str = "2.25.1"
    content: bytes = b"DICM"


class FullSpool(Spool):
    """A spool on a disk of ``capacity_bytes``."""

    capacity_bytes = 1 << 50

    def free_bytes(self) -> int:
        return self.capacity_bytes - sum(file.stat().st_size for file in self.files())

    def files(self, folder: str = "instances") -> list[Path]:
        return sorted(path for path in (self.directory / folder).rglob("*") if path.is_file())


@dataclass
class Installation:
    database: Database
    spool: FullSpool

    def receive(self, uid: str = "", *, at: datetime = NOW, instances: int = 2, size: int = 1000) -> int:
        """A study whose instances have come and that is still open."""
        uid = uid or f"2.25.6.{next(_serial)}"
        [*records] = (self.resend(new_instance(uid, at=at), bytes(size)) for _ in range(instances))
        return records[0].study_id

    def resend(self, instance, data: bytes = bytes(1000)):
        """What a listener does with an instance, whether it is new or not."""
        meta = FileMeta(CR, instance.sop_instance_uid, instance.transfer_syntax_uid)
        file = self.spool.create(meta, instance.received_at)
        file.write(memoryview(data))
        file.sync()
        facts = {"sha256": sha256(data).hexdigest(), "size_bytes": len(data), "path": file.path}
        [record] = receive(self.database, new_instance(**(vars_of(instance) | facts)))
        return record

    def complete(self, study_id: int, *, at: datetime = NOW) -> int:
        with self.database.write() as session:
            studies.mark_complete(session, study_id, now=at, reason="quiet")
        return study_id

    def job(self, study_id, state, *, kind=JobKind.INFER, destination=None, at: datetime = NOW) -> int:
        """A job in a state, which it has reached at this time."""
        [job_id] = add_jobs(self.database, study_id=study_id, kind=kind, destination=destination, now=at)
        with self.database.write() as session:
            row = session.get_one(Job, job_id)
            for column, value in entering(JobState(state), at).items():
                setattr(row, column, value)
            row.lease_expires_at = at if state == JobState.CLAIMED else None
        return job_id

    def report(self, study_id, outcome="positive", deliveries_in=("completed",), *, at: datetime = NOW) -> int:
        """The study's next report, with one destination for each state of a delivery."""
        with self.database.write() as session:
            latest = reports.latest_report(session, study_id)
            new = reports.NewReport(
                study_id=study_id,
                input_digest=f"{next(_serial):064d}",
                model_version_id=model_versions.register(session, BUNDLE, NOW),
                outcome=outcome,
                probability=None if outcome == "refused" else 0.75,
                created_at=at,
                supersedes_id=latest.report_id if latest else None,
            )
            document = Document(f"2.25.5.{next(_serial)}")
            report_id = reports.add_report(session, new, [document])
        for number, state in enumerate(deliveries_in):
            name = f"pacs{number}"
            job_id = self.job(study_id, state, kind=JobKind.DELIVER, destination=name, at=at)
            with self.database.write() as session:
                deliveries.add_delivery(
                    session, report_id=report_id, job_id=job_id, destination=name, sr_kinds=[document.kind]
                )
        return report_id

    def delivered(self, uid: str = "", *, at: datetime = NOW, size: int = 1000) -> int:
        """A study that was read and whose report was delivered, all at this time."""
        study_id = self.complete(self.receive(uid, at=at, size=size), at=at)
        self.job(study_id, "completed", at=at)
        self.report(study_id, at=at)
        return study_id

    def label(self, study_id: int) -> None:
        with self.database.write() as session:
            labels.add_label(session, labels.NewLabel(study_id, True, "csv", NOW), NOW)

    def keeper(self, now: datetime = NOW + 365 * DAY, **retention: Any) -> Keeper:
        """Lets go by these keys of [retention], at this time."""
        settings = Settings(spool={"min_free_mib": 1}, retention=retention)
        return Keeper(self.database, self.spool, Rules.of(settings), "scheduler", lambda: now)

    def instances(self, study_id: int) -> list[Instance]:
        with self.database.read() as session:
            found = select(Instance).where(Instance.study_id == study_id).order_by(Instance.id)
            return list(session.scalars(found))

    def studies(self) -> list[int]:
        with self.database.read() as session:
            return list(session.scalars(select(Study.id).order_by(Study.id)))

    def kept(self) -> list[int]:
        """The studies that have all their files."""
        return [
            study_id
            for study_id in self.studies()
            if all(
                row.removed_at is None and self.spool.path_of(row.path).exists()
                for row in self.instances(study_id)
            )
        ]

    def audited(self) -> list[AuditRecord]:
        with self.database.read() as session:
            return [kept.record for kept in audit.list_records(session, limit=1000)][::-1]


def vars_of(instance) -> dict[str, Any]:
    return {("study" if key == "study_instance_uid" else "at" if key == "received_at" else key): value
            for key, value in vars(instance).items()}  # fmt: skip


def run(keeper: Keeper) -> Gone:
    """Plans, and carries the plan out."""
    return keeper.carry_out(keeper.plan())
