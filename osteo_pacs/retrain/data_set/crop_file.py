"""A picture as a data set holds it: the analysed crop in a frame, under a header without the patient.

The frame lets the bundle's preprocessing find the same crop again: a white line outside, as around a scan, and
within it as many grey pixels as the bundle blackens beside what lies outside.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from osteo_pacs.dicom import sop_classes
from osteo_pacs.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_GREY, _WHITE = 128, 255
"""Of 8 bits."""
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio")
_DIGITAL_X_RAY = (sop_classes.DIGITAL_X_RAY_FOR_PRESENTATION, sop_classes.DIGITAL_X_RAY_FOR_PROCESSING)


def framed(scan: npt.NDArray[np.float32], margin: int) -> npt.NDArray[np.float32]:
    """The crop, (rows, columns), with ``margin`` grey pixels and a white line around it."""
    grey, white = _shown(np.array([_GREY, _WHITE], dtype=np.uint8), 8)
    return np.pad(np.pad(scan, margin, constant_values=grey), 1, constant_values=white)


def add_pixels(ds: Dataset, picture: npt.NDArray[np.float32], spacing_mm: tuple[float, float] | None) -> Dataset:
    """Stores a picture, (rows, columns) from 0 to 1, in 8 bits where they hold it exactly, else in 16.

    Args:
        ds: the header; it gets the pixels and what describes them.
        picture: what a monitor shows.
        spacing_mm: distance between rows and columns as the source tells it; None: pixels count as square.
    """
    bits = 8 if np.array_equal(_shown(_stored(picture, 8), 8), picture) else 16
    ds.Rows, ds.Columns = picture.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.ImageType = ["DERIVED", "PRIMARY" if ds.SOPClassUID != sop_classes.SECONDARY_CAPTURE else "SECONDARY"]
    ds.DerivationDescription = "Cropped to the analysed region; outside the scanned area blackened"
    content = _stored(picture, bits).tobytes()
    ds.PixelData = content + b"\0" * (len(content) % 2)
    ds["PixelData"].VR = "OW"
    _add_spacing(ds, spacing_mm)
    if ds.SOPClassUID in _DIGITAL_X_RAY:
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    return ds


def part10(ds: Dataset) -> bytes:
    """The Data Set as a file; the same Data Set gives the same bytes."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = UID(str(ds.SOPClassUID))
    ds.file_meta.MediaStorageSOPInstanceUID = UID(str(ds.SOPInstanceUID))
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    ds.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    file = io.BytesIO()
    pydicom.dcmwrite(file, ds, enforce_file_format=True)
    return file.getvalue()


def _stored(picture: npt.NDArray[np.float32], bits: int) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = np.rint(picture.astype(np.float64) * (2**bits - 1))
    return values.astype("<u1" if bits == 8 else "<u2")  # noqa: PLR2004 - bits of a byte


def _shown(values: npt.NDArray[Any], bits: int) -> npt.NDArray[np.float32]:
    """Stored values as the bundle shows them without a window: over the whole range of their bits."""
    span = np.float32(2**bits - 1)
    shown: npt.NDArray[np.float32] = (values.astype(np.float32) - span / 2) / span + np.float32(0.5)
    return shown


def _add_spacing(ds: Dataset, spacing_mm: tuple[float, float] | None) -> None:
    told = next((keyword for keyword in _SPACINGS if ds.get(keyword)), None)
    if spacing_mm is None:
        for keyword in _SPACINGS:
            if keyword in ds:
                del ds[keyword]
    elif told is None:
        ds.PixelSpacing = [f"{distance:.10g}" for distance in spacing_mm]
