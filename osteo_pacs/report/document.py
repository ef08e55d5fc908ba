"""What a report is to the worker: a kind of document, its UIDs and its bytes, built once and sent for ever."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from osteo_pacs.dicom import sop_classes


class DocumentKind(StrEnum):
    """The objects that may answer a study. The value is what the database says.

    A measurement report that refers to the picture is a kind of its own, for the destinations that get the
    picture: for the others its reference would lead nowhere.
    """

    COMPREHENSIVE_3D_SR = "comprehensive_3d_sr"
    COMPREHENSIVE_SR = "comprehensive_sr"
    ENHANCED_SR = "enhanced_sr"
    COMPREHENSIVE_3D_SR_WITH_PICTURE = "comprehensive_3d_sr_pic"
    COMPREHENSIVE_SR_WITH_PICTURE = "comprehensive_sr_pic"
    ENHANCED_SR_WITH_PICTURE = "enhanced_sr_pic"
    PICTURE = "picture"
    TEXT_SR = "text_sr"

    @property
    def sop_class_uid(self) -> str:
        """The SOP Class that the document is stored under (PS3.4 B.5)."""
        return str(_SOP_CLASSES[self.without_picture])

    @property
    def is_text(self) -> bool:
        """True for the twin in plain text."""
        return self is DocumentKind.TEXT_SR

    @property
    def refers_to_picture(self) -> bool:
        """True for the measurement report that names the picture."""
        return self in _WITHOUT_PICTURE

    @property
    def needs_picture(self) -> bool:
        """True where there has to be a picture: for itself, and for a report that names it."""
        return self is DocumentKind.PICTURE or self.refers_to_picture

    @property
    def with_picture(self) -> DocumentKind:
        """The same report, referring to the picture."""
        return _WITH_PICTURE.get(self, self)

    @property
    def without_picture(self) -> DocumentKind:
        """The same report, not referring to the picture."""
        return _WITHOUT_PICTURE.get(self, self)

    @property
    def series_number(self) -> int:
        """Our series stand after the scanner's."""
        return {DocumentKind.PICTURE: 9702, DocumentKind.TEXT_SR: 9703}.get(self, 9701)

    @property
    def form(self) -> str:
        """What the series description calls it; empty for the report itself."""
        return {DocumentKind.PICTURE: "picture", DocumentKind.TEXT_SR: "text"}.get(self, "")


_WITH_PICTURE = {
    DocumentKind.COMPREHENSIVE_3D_SR: DocumentKind.COMPREHENSIVE_3D_SR_WITH_PICTURE,
    DocumentKind.COMPREHENSIVE_SR: DocumentKind.COMPREHENSIVE_SR_WITH_PICTURE,
    DocumentKind.ENHANCED_SR: DocumentKind.ENHANCED_SR_WITH_PICTURE,
}
_WITHOUT_PICTURE = {with_picture: plain for plain, with_picture in _WITH_PICTURE.items()}
_SOP_CLASSES = {
    DocumentKind.COMPREHENSIVE_3D_SR: sop_classes.COMPREHENSIVE_3D_SR,
    DocumentKind.COMPREHENSIVE_SR: sop_classes.COMPREHENSIVE_SR,
    DocumentKind.ENHANCED_SR: sop_classes.ENHANCED_SR,
    DocumentKind.PICTURE: sop_classes.SECONDARY_CAPTURE,
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
