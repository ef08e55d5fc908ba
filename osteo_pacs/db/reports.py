"""Reports: what a model version said of an input set of a study, and the objects that say it.

A report is only ever added. The next one of a study supersedes the one before, and names it; the same input set
read by the same model version gives no second one.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol, cast

from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy.orm import Session

from osteo_pacs.db.tables import Delivery, Document, ModelVersionRow, Report, Study
from osteo_pacs.errors import RetryableError

_CLASSES = ("comprehensive_3d_sr", "comprehensive_sr", "enhanced_sr")
SR_KINDS = (*_CLASSES, *(f"{kind}_pic" for kind in _CLASSES))
"""The kinds of document that are a TID 1500 report, the first that is there standing for the report."""


class ReportOutdated(RetryableError):
    """The study got another report meanwhile: this one names the wrong predecessor."""


class DocumentBytes(Protocol):
    """An object as it will be sent; ``content`` is a Part 10 file."""

    @property
    def kind(self) -> str: ...  # noqa: D102 - the columns of Document
    @property
    def sop_class_uid(self) -> str: ...  # noqa: D102
    @property
    def sop_instance_uid(self) -> str: ...  # noqa: D102
    @property
    def series_instance_uid(self) -> str: ...  # noqa: D102
    @property
    def content(self) -> bytes: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to be added; ``supersedes_id`` is that of the report which its documents name as predecessor.

    ``outcome`` is positive, negative or refused; ``probability`` (0 to 1) is None when refused.
    """

    study_id: int
    input_digest: str
    model_version_id: int
    outcome: str
    probability: float | None
    created_at: datetime
    supersedes_id: int | None = None
    readings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """An object of a report, as its successor names it (PS3.3 C.17.2, Predecessor Documents Sequence)."""

    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str


@dataclass(frozen=True, slots=True)
class LatestReport:
    """The newest report of a study; it has no documents where a refusal was not to be sent."""

    report_id: int
    revision: int
    documents: tuple[DocumentRef, ...]


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """A report as it is shown: the UIDs are those of the SR that was sent, or that is to be; None without one."""

    report_id: int
    sop_instance_uid: str | None
    outcome: str
    probability: float | None
    model_version: str
    revision: int
    supersedes: str | None
    created_at: datetime
    readings: Mapping[str, Any]


def report_exists(session: Session, study_id: int, input_digest: str, model_version_id: int) -> bool:
    """Whether this model version has read this input set of the study."""
    same = {"study_id": study_id, "input_digest": input_digest, "model_version_id": model_version_id}
    return session.scalar(_SAME, same) is not None


def latest_report(session: Session, study_id: int) -> LatestReport | None:
    """The report that a new one would supersede."""
    report = session.execute(_NEWEST, {"of_study": study_id}).first()
    if report is None:
        return None
    documents = _documents(session, [report.id])[report.id]
    return LatestReport(report.id, report.revision, tuple(documents))


def add_report(session: Session, new: NewReport, documents: Iterable[DocumentBytes]) -> int:
    """Adds a report with its documents, and returns its id.

    Raises:
        ReportOutdated: it does not supersede the newest report of the study.
    """
    # Two input sets of one study may be read at once: the second waits here for the first.
    session.execute(select(Study.id).where(Study.id == new.study_id).with_for_update())
    latest = latest_report(session, new.study_id)
    if (latest.report_id if latest else None) != new.supersedes_id:
        raise ReportOutdated(f"study {new.study_id}, predecessor {new.supersedes_id}")
    values = {each.name: getattr(new, each.name) for each in fields(new)}
    rest = {"readings": dict(new.readings), "revision": latest.revision + 1 if latest else 1}
    report_id: int = session.scalars(_ADD_REPORT, values | rest).one()
    if rows := [_values(report_id, document) for document in documents]:
        session.execute(_ADD_DOCUMENTS, rows)
    return report_id


def list_reports(session: Session, study_id: int) -> list[ReportSummary]:
    """The reports of a study, the first revision first."""
    rows = session.execute(
        select(Report, ModelVersionRow.version)
        .join(ModelVersionRow, Report.model_version_id == ModelVersionRow.id)
        .where(Report.study_id == study_id)
        .order_by(Report.revision)
    ).all()
    uids = _shown_uids(session, [report.id for report, _ in rows])
    return [
        ReportSummary(
            report_id=report.id,
            sop_instance_uid=uids[report.id],
            outcome=report.outcome,
            probability=report.probability,
            model_version=version,
            revision=report.revision,
            supersedes=uids[report.supersedes_id] if report.supersedes_id else None,
            created_at=report.created_at,
            readings=report.readings,
        )
        for report, version in rows
    ]


# Built once: a worker adds reports all the time, and building a statement costs more than running it does.
_REPORT, _DOCUMENT = cast("Table", Report.__table__), cast("Table", Document.__table__)
_NEWEST = (
    select(_REPORT.c.id, _REPORT.c.revision)
    .where(_REPORT.c.study_id == bindparam("of_study"))
    .order_by(_REPORT.c.revision.desc())
    .limit(1)
)
_SAME = select(_REPORT.c.id).where(
    _REPORT.c.study_id == bindparam("study_id"),
    _REPORT.c.input_digest == bindparam("input_digest"),
    _REPORT.c.model_version_id == bindparam("model_version_id"),
)
_ADD_REPORT = insert(_REPORT).returning(_REPORT.c.id)
_ADD_DOCUMENTS = insert(_DOCUMENT)


def _values(report_id: int, document: DocumentBytes) -> dict[str, Any]:
    return {
        "report_id": report_id,
        "kind": str(document.kind),
        "sop_class_uid": document.sop_class_uid,
        "sop_instance_uid": document.sop_instance_uid,
        "series_instance_uid": document.series_instance_uid,
        "content": document.content,
    }


def _documents(session: Session, report_ids: Sequence[int]) -> dict[int, list[DocumentRef]]:
    columns = (Document.kind, Document.sop_class_uid, Document.sop_instance_uid, Document.series_instance_uid)
    of_reports = select(Document.report_id, *columns).where(Document.report_id.in_(report_ids))
    found: dict[int, list[DocumentRef]] = defaultdict(list)
    for report_id, *reference in session.execute(of_reports.order_by(Document.id)):
        found[report_id].append(DocumentRef(*reference))
    return found


def _shown_uids(session: Session, report_ids: Sequence[int]) -> dict[int, str | None]:
    documents = _documents(session, report_ids)
    return {report_id: _shown_uid(session, report_id, documents[report_id]) for report_id in report_ids}


def _shown_uid(session: Session, report_id: int, documents: Iterable[DocumentRef]) -> str | None:
    """The SOP Instance UID of the SR that a destination took, else of the one that is to be sent first."""
    of_report = select(Delivery).where(Delivery.report_id == report_id).order_by(Delivery.id)
    deliveries = session.scalars(of_report).all()
    sent = (delivery.sent_sop_instance_uid for delivery in deliveries if delivery.sent_sop_instance_uid)
    wanted = [kind for delivery in deliveries for kind in delivery.document_kinds["sr"]]
    by_kind = {document.kind: document.sop_instance_uid for document in documents}
    to_send = (by_kind[kind] for kind in (*wanted, *SR_KINDS) if kind in by_kind)
    return next(itertools.chain(sent, to_send), None)
