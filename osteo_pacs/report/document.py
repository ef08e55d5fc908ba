"""What a report is to the worker: a kind of document, its UIDs and its bytes, built once and sent for ever."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from osteo_pacs.dicom import sop_classes


class DocumentKind(StrEnum):
    """The objects that may answer a study. The value is what the database and the configuration say."""

    COMPREHENSIVE_3D_SR = "comprehensive_3d_sr"
    COMPREHENSIVE_SR = "comprehensive_sr"
    ENHANCED_SR = "enhanced_sr"
    TEXT_SR = "text_sr"

    @property
    def sop_class_uid(self) -> str:
        """The SOP Class that the document is stored under (PS3.4 B.5)."""
        return str(_SOP_CLASSES[self])

    @property
    def is_text(self) -> bool:
        """True for the twin in plain text, False for the measurement report."""
        return self is DocumentKind.TEXT_SR

    @property
    def series_number(self) -> int:
        """Reports stand after the scanner's series; 9702 is left for the picture."""
        return 9703 if self.is_text else 9701


_SOP_CLASSES = {
    DocumentKind.COMPREHENSIVE_3D_SR: sop_classes.COMPREHENSIVE_3D_SR,
    DocumentKind.COMPREHENSIVE_SR: sop_classes.COMPREHENSIVE_SR,
    DocumentKind.ENHANCED_SR: sop_classes.ENHANCED_SR,
    DocumentKind.TEXT_SR: sop_classes.BASIC_TEXT_SR,
}


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """One object to deliver; ``content`` is its Part 10 file in Explicit VR Little Endian."""

    kind: DocumentKind
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    content: bytes
