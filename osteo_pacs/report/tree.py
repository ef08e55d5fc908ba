"""The SR Document Content Module: the root of the tree, its template, and everything below (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import InstanceRef, StudyResult
from osteo_pacs.report.content import measurement_report
from osteo_pacs.report.content_item import ContentItem, Section
from osteo_pacs.report.device import Device
from osteo_pacs.report.encoding import Body, Element, code, content_sequence, element, encode, sequence
from osteo_pacs.report.text_twin import text_report


def measurement_tree(
    result: StudyResult,
    device: Device,
    multi_frame: Collection[str],
    pictures: Mapping[str, InstanceRef],
) -> Body:
    """The measurement report, with the declaration of our own codes (PS3.3 C.12.1.1.7)."""
    scheme = (
        element("CodingSchemeDesignator", codes.OUR_SCHEME),
        element("CodingSchemeName", codes.OUR_SCHEME_NAME),
        element("CodingSchemeResponsibleOrganization", codes.OUR_SCHEME_OWNER),
    )
    declaration = sequence("CodingSchemeIdentificationSequence", encode(scheme))
    items = measurement_report(result, device, multi_frame, pictures)
    return _tree(codes.IMAGING_MEASUREMENT_REPORT, "1500", items, declaration)


def text_tree(result: StudyResult, device: Device) -> Body:
    """The report as text, which uses no code of our own."""
    return _tree(codes.DIAGNOSTIC_IMAGING_REPORT, "2000", text_report(result, device))


def _tree(title: CodedConcept, template: str, items: tuple[ContentItem, ...], *more: Element) -> Body:
    identification = encode((element("MappingResource", "DCMR"), element("TemplateIdentifier", template)))
    return Body.of(
        element("ValueType", "CONTAINER"),
        element("ContinuityOfContent", Section.SEPARATE.value),
        sequence("ConceptNameCodeSequence", code(title)),
        sequence("ContentTemplateSequence", identification),
        content_sequence(items),
        *more,
    )
