"""A study's result to the documents that are delivered: pure, so that the same arguments give the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pydicom.dataset import Dataset

from osteo_pacs.dicom.uids import derive_uid
from osteo_pacs.findings import InstanceRef, StudyResult
from osteo_pacs.report.device import Device
from osteo_pacs.report.document import DocumentKind, ReportDocument
from osteo_pacs.report.encoding import Element, element, encode
from osteo_pacs.report.header import hierarchical_reference, shared_header
from osteo_pacs.report.part10 import part10_file
from osteo_pacs.report.sentences import series_description
from osteo_pacs.report.source import read_source
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

    Raises:
        ValueError: a result without a reading, or no source, has nothing to report.
    """
    if not result.readings or not sources:
        raise ValueError("a report needs at least one reading and one source")
    device = Device.of(result.model, station_name)
    evidence = [reading.instance for reading in result.readings]
    read = [read_source(ds) for ds in sources]
    shared = shared_header(read, evidence, device, now)
    multi_frame = {source.sop_instance_uid for source in read if source.is_multi_frame}
    trees = {
        is_text: text_tree(result, device) if is_text else measurement_tree(result, device, multi_frame)
        for is_text in {kind.is_text for kind in kinds}
    }
    input_and_model = (input_digest, result.model.weights_sha256, result.model.version)

    def document(kind: DocumentKind) -> ReportDocument:
        tree = trees[kind.is_text]
        said = (result.study_instance_uid, *input_and_model, kind, str(revision), tree.digest)
        uids = derive_uid("instance", *said), derive_uid("series", *said)
        instance = InstanceRef(kind.sop_class_uid, *uids, result.study_instance_uid)
        own = _own_elements(kind, instance, result, revision, predecessors.get(kind))
        content = part10_file(instance, encode((*shared, *own, *tree.elements)))
        return ReportDocument(kind, kind.sop_class_uid, *uids, content)

    return tuple(document(kind) for kind in DocumentKind if kind in kinds)


def _own_elements(
    kind: DocumentKind,
    instance: InstanceRef,
    result: StudyResult,
    revision: int,
    predecessor: InstanceRef | None,
) -> list[Element]:
    """What tells this document from the others of the study."""
    description = series_description(result.outcome, result.model, is_text=kind.is_text)
    elements: list[Element] = [
        element("SOPClassUID", instance.sop_class_uid),
        element("SOPInstanceUID", instance.sop_instance_uid),
        element("StudyInstanceUID", instance.study_instance_uid),
        element("SeriesInstanceUID", instance.series_instance_uid),
        element("SeriesNumber", str(kind.series_number)),
        element("SeriesDescription", description),
        element("InstanceNumber", str(revision)),
    ]
    if predecessor:
        elements.append(hierarchical_reference("PredecessorDocumentsSequence", [predecessor]))
    return elements
