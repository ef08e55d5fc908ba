"""The SOP Classes and transfer syntaxes that the worker takes and sends (PS3.4 B.5, PS3.5 Annex A)."""

from __future__ import annotations

from pydicom import uid

IMAGES = (
    uid.ComputedRadiographyImageStorage,
    uid.DigitalXRayImageStorageForPresentation,
    uid.DigitalXRayImageStorageForProcessing,
    uid.SecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
)
"""Objects whose pixels may be read."""

COMPREHENSIVE_3D_SR = uid.Comprehensive3DSRStorage
COMPREHENSIVE_SR = uid.ComprehensiveSRStorage
ENHANCED_SR = uid.EnhancedSRStorage
BASIC_TEXT_SR = uid.BasicTextSRStorage
SECONDARY_CAPTURE = uid.SecondaryCaptureImageStorage
VERIFICATION = uid.UID("1.2.840.10008.1.1")

COMPANIONS = (
    BASIC_TEXT_SR,
    ENHANCED_SR,
    COMPREHENSIVE_SR,
    COMPREHENSIVE_3D_SR,
    uid.EncapsulatedPDFStorage,
    uid.GrayscaleSoftcopyPresentationStateStorage,
    uid.KeyObjectSelectionDocumentStorage,
)
"""Objects that are kept with the study and never read as images."""

STORAGE = IMAGES + COMPANIONS

UNCOMPRESSED = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)
COMPRESSED = (
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.RLELossless,
)
"""Deflated syntaxes are left out on purpose: a small Data Set could grow without a bound."""


def accepted_transfer_syntaxes(sop_class_uid: str) -> tuple[str, ...]:
    """What the listener accepts for a SOP Class: images in every syntax, companions uncompressed."""
    return UNCOMPRESSED + COMPRESSED if sop_class_uid in IMAGES else UNCOMPRESSED
