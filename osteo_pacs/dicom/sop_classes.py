"""The SOP Classes and transfer syntaxes that the worker takes and sends (PS3.4 B.5, PS3.5 Annex A).

Written out, because the listener reads this module: importing pydicom would load every pixel decoder there is into
the process that talks to the network.
"""

from __future__ import annotations

VERIFICATION = "1.2.840.10008.1.1"

COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
DIGITAL_X_RAY_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
DIGITAL_X_RAY_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
MULTI_FRAME_GRAYSCALE_BYTE_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7.2"
MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7.3"
MULTI_FRAME_TRUE_COLOR_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7.4"

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
COMPREHENSIVE_3D_SR = "1.2.840.10008.5.1.4.1.1.88.34"
KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
GRAYSCALE_SOFTCOPY_PRESENTATION_STATE = "1.2.840.10008.5.1.4.1.1.11.1"

IMAGES = (
    COMPUTED_RADIOGRAPHY,
    DIGITAL_X_RAY_FOR_PRESENTATION,
    DIGITAL_X_RAY_FOR_PROCESSING,
    SECONDARY_CAPTURE,
    MULTI_FRAME_GRAYSCALE_BYTE_SECONDARY_CAPTURE,
    MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE,
    MULTI_FRAME_TRUE_COLOR_SECONDARY_CAPTURE,
)
"""Objects whose pixels may be read."""

COMPANIONS = (
    BASIC_TEXT_SR,
    ENHANCED_SR,
    COMPREHENSIVE_SR,
    COMPREHENSIVE_3D_SR,
    ENCAPSULATED_PDF,
    GRAYSCALE_SOFTCOPY_PRESENTATION_STATE,
    KEY_OBJECT_SELECTION,
)
"""Objects that are kept with the study and never read as images."""

FEEDBACK = (BASIC_TEXT_SR, ENHANCED_SR, COMPREHENSIVE_SR, COMPREHENSIVE_3D_SR, KEY_OBJECT_SELECTION)
"""Objects that may say something of a study that training and testing want to know."""

STORAGE = IMAGES + COMPANIONS

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
COMPRESSED = (
    "1.2.840.10008.1.2.4.50",  # JPEG Baseline, 8 bit
    "1.2.840.10008.1.2.4.51",  # JPEG Extended, 12 bit
    "1.2.840.10008.1.2.4.57",  # JPEG Lossless
    "1.2.840.10008.1.2.4.70",  # JPEG Lossless, first-order prediction
    "1.2.840.10008.1.2.4.80",  # JPEG-LS Lossless
    "1.2.840.10008.1.2.4.81",  # JPEG-LS Near-lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 Lossless
    "1.2.840.10008.1.2.4.91",  # JPEG 2000
    "1.2.840.10008.1.2.5",  # RLE Lossless
)
"""Deflated syntaxes are left out on purpose: a small Data Set could grow without a bound."""


def accepted_transfer_syntaxes(sop_class_uid: str) -> tuple[str, ...]:
    """What the listener accepts for a SOP Class: images in every syntax, companions uncompressed."""
    return UNCOMPRESSED + COMPRESSED if sop_class_uid in IMAGES else UNCOMPRESSED
