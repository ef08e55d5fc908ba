"""Compares what senders got Success for with the spool, the database and the PACS, and says what was lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select

from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Delivery, Document, Instance, Job, JobState, Report, Study
from osteo_pacs.findings import input_digest
from receiving.process import data_set_of
from rounds.archive import Archive, digest_of

Rows = Sequence[Any]
ENDED = (JobState.COMPLETED, JobState.PARKED, JobState.CANCELLED)


class Checker:
    """Of one installation; each acknowledged file is read once, unless everything is asked for."""

    def __init__(self, database: Database, spool: Path) -> None:
        self._database = database
        self._spool = spool
        self._found: set[str] = set()

    def waiting(self) -> list[str]:
        """What the service still has to do."""
        open_studies = self._rows(select(Study).where(Study.completed_at.is_(None)))
        open_jobs = self._rows(select(Job).where(Job.state.not_in(ENDED)))
        return [
            *(f"study {study.id} is not complete" for study in open_studies),
            *(f"job {job.id} ({job.kind}) is {job.state}: {job.last_error}" for job in open_jobs),
        ]

    def losses(self, acknowledged: Mapping[str, str], archive: Archive, *, everything: bool = False) -> list[str]:
        """A sentence for each thing that is not as it was promised; none: nothing was lost."""
        if everything:
            self._found.clear()
        instances = self._rows(select(Instance))
        documents = self._rows(select(Document))
        return [
            *self._spool_losses(acknowledged, {row.sop_instance_uid: row for row in instances}),
            *_duplicate_instances(instances),
            *self._job_losses(),
            *self._report_losses(instances),
            *self._pacs_losses(documents, archive),
        ]

    def _spool_losses(self, acknowledged: Mapping[str, str], rows: Mapping[str, Any]) -> Iterator[str]:
        for uid in acknowledged.keys() - self._found:
            if loss := self._spool_loss(acknowledged[uid], rows.get(uid)):
                yield f"{uid}: acknowledged, but {loss}"
            else:
                self._found.add(uid)

    def _spool_loss(self, digest: str, row: Any) -> str:
        if row is None:
            return "the database has no row"
        if row.sha256 != digest:
            return "its row has another digest"
        try:
            kept = data_set_of((self._spool / row.path).read_bytes())
        except FileNotFoundError:
            return "the spool has no file"
        return "" if sha256(kept).hexdigest() == digest else "the spool has other bytes"

    def _job_losses(self) -> Iterator[str]:
        for job in self._rows(select(Job).where(Job.state != JobState.COMPLETED)):
            yield f"job {job.id} ({job.kind}) is {job.state}: {job.last_error}"

    def _report_losses(self, instances: Rows) -> Iterator[str]:
        reports, uids = defaultdict(list), defaultdict(list)
        for report in self._rows(select(Report).order_by(Report.study_id, Report.revision)):
            reports[report.study_id].append(report)
        for instance in instances:
            uids[instance.study_id].append(instance.sop_instance_uid)
        for study_id, received in uids.items():
            for loss in _revision_losses(reports[study_id], input_digest(received)):
                yield f"study {study_id} of {len(received)} instances: {loss}"

    def _pacs_losses(self, documents: Rows, archive: Archive) -> Iterator[str]:
        by_uid = {document.sop_instance_uid: document for document in documents}
        for uid, digests in archive.digests.items():
            if uid not in by_uid:
                yield f"the PACS got {uid}, which no report has"
            elif digests != {digest_of(by_uid[uid].content)}:
                yield f"the PACS got {uid} with other bytes than those that are stored"
        for delivery in self._rows(select(Delivery)):
            yield from _delivery_losses(delivery, documents, archive)

    def _rows(self, statement: Any) -> Rows:
        with self._database.read() as session:
            return session.scalars(statement).all()


def _duplicate_instances(instances: Rows) -> Iterator[str]:
    counted = Counter(row.sop_instance_uid for row in instances)
    yield from (f"{uid} has {count} rows" for uid, count in counted.items() if count > 1)


def _revision_losses(reports: Rows, whole: str) -> Iterator[str]:
    if not reports:
        yield "there is no report"
        return
    if [report.revision for report in reports] != list(range(1, len(reports) + 1)):
        yield "its revisions have a gap"
    if len({report.input_digest for report in reports}) != len(reports):
        yield "two reports for one input set"
    if reports[-1].input_digest != whole:
        yield "the newest report was not read from all that was received"


def _delivery_losses(delivery: Any, documents: Rows, archive: Archive) -> Iterator[str]:
    if delivery.delivered_at is None:
        yield f"report {delivery.report_id} is not delivered"
        return
    others = delivery.document_kinds["with"]
    of_report = [document for document in documents if document.report_id == delivery.report_id]
    wanted = [document.sop_instance_uid for document in of_report if document.kind in others]
    for uid in (delivery.sent_sop_instance_uid, *wanted):
        if uid not in archive.taken:
            yield f"report {delivery.report_id} is delivered, but the PACS never said Success to {uid}"
