"""A study's result to the documents that are delivered: pure, so that the same arguments give the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset

from osteo_pacs.dicom.uids import derive_uid
from osteo_pacs.findings import InstanceRef, StudyResult
from osteo_pacs.report.device import Device
from osteo_pacs.report.document import DocumentKind, ReportDocument
from osteo_pacs.report.encoding import Body, Element, element, encode
from osteo_pacs.report.header import hierarchical_reference, report_header, study_header
from osteo_pacs.report.part10 import part10_file
from osteo_pacs.report.picture import Explanation, picture
from osteo_pacs.report.sentences import series_description
from osteo_pacs.report.source import Source, read_source
from osteo_pacs.report.tree import measurement_tree, text_tree


def build_documents(
    result: StudyResult,
    sources: Sequence[Dataset],
    *,
    kinds: Collection[DocumentKind],
    revision: int,
    input_digest: str,
    predecessors: Mapping[DocumentKind, InstanceRef],
    station_name: str,
    now: datetime,
    explanation: Explanation | None = None,
) -> tuple[ReportDocument, ...]:
    """The documents that say ``result``, one of each wanted kind, in the order of `DocumentKind`.

    Args:
        result: at least one reading.
        sources: headers of the instances that were read or refused, the one to inherit from first.
        kinds: what is wanted; documents that share a tree cost little more than one.
        revision: 1 for a study's first report, then rising; it is the Instance Number.
        input_digest: names the set of instances that the study had (`findings.input_digest`).
        predecessors: the previous revision's document of each kind, if there is one.
        station_name: the host, as the Device Serial Number.
        now: aware; its zone is the report's where the source has no Timezone Offset From UTC.
        explanation: what the picture shows, of one of the findings.

    Raises:
        ValueError: a result without a reading, or no source, has nothing to report, and a picture is not drawn
            without an explanation.
    """
    if not result.readings or not sources:
        raise ValueError("a report needs at least one reading and one source")
    device = Device.of(result.model, station_name)
    read = [read_source(ds) for ds in sources]
    issue = _Issue(result, revision, input_digest, predecessors, study_header(read, device, now))
    drawn = _draw(issue, read, explanation) if any(kind.needs_picture for kind in kinds) else {}
    evidence = [reading.instance for reading in result.readings]
    multi_frame = {source.sop_instance_uid for source in read if source.is_multi_frame}

    def report(*, is_text: bool, refers: bool) -> tuple[Body, list[Element]]:
        pictures = {uid: issue.reference(document) for uid, document in drawn.items() if refers}
        tree = text_tree(result, device) if is_text else measurement_tree(result, device, multi_frame, pictures)
        return tree, report_header(read, [*evidence, *pictures.values()])

    reports = [kind for kind in DocumentKind if kind in kinds and kind is not DocumentKind.PICTURE]
    said = {
        (is_text, refers): report(is_text=is_text, refers=refers)
        for is_text, refers in {(kind.is_text, kind.refers_to_picture) for kind in reports}
    }
    written = (issue.document(kind, *said[kind.is_text, kind.refers_to_picture]) for kind in reports)
    return *(drawn.values() if DocumentKind.PICTURE in kinds else ()), *written


def _draw(issue: _Issue, sources: Sequence[Source], explanation: Explanation | None) -> dict[str, ReportDocument]:
    """The picture by the SOP Instance UID of the image that it explains."""
    if explanation is None:
        raise ValueError("a picture needs an explanation")
    shown = explanation.finding.instance.sop_instance_uid
    source = next(source for source in sources if source.sop_instance_uid == shown)
    return {shown: issue.document(DocumentKind.PICTURE, picture(explanation, issue.result, source))}


@dataclass(frozen=True, slots=True)
class _Issue:
    """What the documents of one report have alike."""

    result: StudyResult
    revision: int
    input_digest: str
    predecessors: Mapping[DocumentKind, InstanceRef]
    header: Sequence[Element]

    def document(self, kind: DocumentKind, body: Body, more: Sequence[Element] = ()) -> ReportDocument:
        """One document; ``more`` is the header that only its like have, and does not change its UIDs."""
        model, study_instance_uid = self.result.model, self.result.study_instance_uid
        made_of = (self.input_digest, model.weights_sha256, model.version)
        said = (study_instance_uid, *made_of, kind, str(self.revision), body.digest)
        uids = derive_uid("instance", *said), derive_uid("series", *said)
        instance = InstanceRef(kind.sop_class_uid, *uids, study_instance_uid)
        content = encode((*self.header, *more, *self._own(kind, instance), *body.elements))
        return ReportDocument(kind, kind.sop_class_uid, *uids, part10_file(instance, content))

    def reference(self, document: ReportDocument) -> InstanceRef:
        """How another document of this report refers to this one."""
        uids = document.sop_instance_uid, document.series_instance_uid
        return InstanceRef(document.sop_class_uid, *uids, self.result.study_instance_uid)

    def _own(self, kind: DocumentKind, instance: InstanceRef) -> list[Element]:
        """What tells this document from the others of the study."""
        elements = [
            element("SOPClassUID", instance.sop_class_uid),
            element("SOPInstanceUID", instance.sop_instance_uid),
            element("StudyInstanceUID", instance.study_instance_uid),
            element("SeriesInstanceUID", instance.series_instance_uid),
            element("SeriesNumber", str(kind.series_number)),
            element("SeriesDescription", series_description(self.result.outcome, self.result.model, kind.form)),
            element("InstanceNumber", str(self.revision)),
        ]
        predecessor = self._predecessor(kind)
        if predecessor:
            elements.append(hierarchical_reference("PredecessorDocumentsSequence", [predecessor]))
        return elements

    def _predecessor(self, kind: DocumentKind) -> InstanceRef | None:
        """The document that this one supersedes, whether or not both refer to a picture; pictures have none."""
        if kind is DocumentKind.PICTURE:
            return None
        alike = (kind, kind.without_picture, kind.with_picture)
        return next((self.predecessors[one] for one in alike if one in self.predecessors), None)
