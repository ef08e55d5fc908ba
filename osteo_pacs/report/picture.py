"""The picture: a Secondary Capture of an image beside what drove its result (PS3.3 A.8.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL.Image import Image

from osteo_pacs.dicom import codes
from osteo_pacs.findings import Finding, StudyResult
from osteo_pacs.images import GreyImage, HeatMap
from osteo_pacs.report.content_item import FirstFrame
from osteo_pacs.report.encoding import Body, Element, code, element, encode, pixel_data, sequence, sop_reference
from osteo_pacs.report.picture_page import draw_page
from osteo_pacs.report.picture_panels import draw_panels
from osteo_pacs.report.picture_words import lines, panels
from osteo_pacs.report.source import Source

DERIVATION = "The image, and beside it the same with a Grad-CAM in colour; scaled, not for measurement."


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What drove the result of one image that was read."""

    finding: Finding
    image: GreyImage
    found: HeatMap


def picture(explanation: Explanation, result: StudyResult, source: Source) -> Body:
    """The picture of an image of ``result``, whose header is ``source``."""
    shown = draw_panels(explanation.image, explanation.finding.region, explanation.found)
    page = draw_page(panels(explanation.finding, result, shown), lines(explanation.finding, result.model))
    return Body.of(*_image(explanation.finding, source), *_pixels(page))


def _image(finding: Finding, source: Source) -> Iterator[Element]:
    """General Series, SC Equipment and General Image (PS3.3 C.7.3.1, C.8.6.1, C.7.6.1).

    Whether a name is burned in, the picture knows no better than its source does; of a source that says nothing,
    it says nothing.
    """
    yield element("Modality", source.image["Modality"].decode() or "OT")
    yield element("ConversionType", "WSD")
    yield element("ImageType", "DERIVED\\SECONDARY")
    yield element("BodyPartExamined", "LSPINE")
    yield element("PatientOrientation", "")
    yield element("DerivationDescription", DERIVATION)
    yield sequence("DerivationCodeSequence", code(codes.GRAD_CAM))
    shown = FirstFrame(finding.instance) if source.is_multi_frame else finding.instance
    purpose = sequence("PurposeOfReferenceCodeSequence", code(codes.SOURCE_OF_PROCESSING))
    yield sequence("SourceImageSequence", sop_reference(shown) + encode([purpose]))
    if source.image["BurnedInAnnotation"] in {b"YES", b"NO"}:
        yield element("BurnedInAnnotation", source.image["BurnedInAnnotation"].decode())
    if source.image["LossyImageCompression"] == b"01":
        yield element("LossyImageCompression", "01")


def _pixels(page: Image) -> Iterator[Element]:
    """Image Pixel (PS3.3 C.7.6.3)."""
    yield element("SamplesPerPixel", 3)
    yield element("PhotometricInterpretation", "RGB")
    yield element("PlanarConfiguration", 0)
    yield element("Rows", page.height)
    yield element("Columns", page.width)
    yield element("BitsAllocated", 8)
    yield element("BitsStored", 8)
    yield element("HighBit", 7)
    yield element("PixelRepresentation", 0)
    yield pixel_data(page.tobytes())
