"""Headers with the habits of each make, so that what reads them meets what a PACS really gets.

GE Lunar sends Computed Radiography Image Storage in Implicit VR Little Endian. The region stands in Protocol
Name only; Body Part Examined, View Position and Laterality are there but empty; Image Type, Burned In Annotation
and Pixel Spacing are missing, and Exposed Area gives the field in whole centimetres. Hologic sends Secondary
Capture with the region in the descriptions. Report pages of both are Secondary Captures in colour, and both keep
private elements that may name the patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from osteo_pacs.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from osteo_pacs.phantom.kinds import PhantomKind
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.scanner import SCANNERS, Make

_GE_PIXEL_CM = 0.025
_COLOUR_DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class Labels:
    """How a kind of picture is named in headers.

    Attributes:
        protocol: (0018,1030) Protocol Name of a GE picture.
        description: (0008,103E) Series Description of a Hologic picture.
        body_part: (0018,0015) Body Part Examined of a Hologic picture (PS3.16 Annex L).
        laterality: (0020,0060) Laterality of a Hologic picture; None where the part is not paired.
    """

    protocol: str
    description: str
    body_part: str = ""
    laterality: str | None = None


_AP_SPINE = Labels("AP Spine", "Lumbar Spine", "LSPINE")
LABELS = {
    PhantomKind.AP_SPINE: _AP_SPINE,
    PhantomKind.SPINE_HARDWARE: _AP_SPINE,
    PhantomKind.SPINE_UPSIDE_DOWN: _AP_SPINE,
    PhantomKind.SPINE_TURNED: _AP_SPINE,
    PhantomKind.SPINE_NEGATIVE: _AP_SPINE,
    PhantomKind.FEMUR_LEFT: Labels("Left Femur", "Left Hip", "HIP", "L"),
    PhantomKind.FEMUR_RIGHT: Labels("Right Femur", "Right Hip", "HIP", "R"),
    PhantomKind.LATERAL_SPINE: Labels("LVA", "IVA Lateral", "TLSPINE"),
    PhantomKind.TOTAL_BODY: Labels("Total Body", "Whole Body", "WHOLEBODY"),
    PhantomKind.KNEE_LEFT: Labels("Left Ortho Knee", "Left Knee", "KNEE", "L"),
    PhantomKind.KNEE_RIGHT: Labels("Right Ortho Knee", "Right Knee", "KNEE", "R"),
    PhantomKind.FOREARM: Labels("Left Forearm", "Left Forearm", "ARM", "L"),
    PhantomKind.CHEST: Labels("Chest PA", "Chest PA", "CHEST"),
    PhantomKind.REPORT_PAGE: Labels("Report", "DXA Report", "LSPINE"),
    PhantomKind.NOISE: Labels("QA", "QC", "LSPINE"),
}


@dataclass(frozen=True, slots=True)
class StudyIdentity:
    """What all instances of a study share; ``number`` names the simulated patient."""

    number: int
    study_instance_uid: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class InstanceIdentity:
    """What sets one instance apart: its UIDs and its place in the study, from 1."""

    sop_instance_uid: str
    series_instance_uid: str
    number: int


def make_dataset(
    kind: PhantomKind,
    pixels: npt.NDArray[np.uint8],
    patient: Patient,
    study: StudyIdentity,
    instance: InstanceIdentity,
) -> Dataset:
    """A complete Data Set with its File Meta Information, as this patient's scanner would send it."""
    ds = Dataset()
    _add_patient(ds, patient, study)
    _add_study(ds, patient, study, instance)
    if SCANNERS[patient.scanner].make is Make.GE:
        _add_ge_habits(ds, kind, pixels)
    else:
        _add_hologic_habits(ds, kind)
    _add_pixels(ds, pixels)
    ds.file_meta = _file_meta(ds, SCANNERS[patient.scanner].make)
    return ds


def _add_patient(ds: Dataset, patient: Patient, study: StudyIdentity) -> None:
    birth_year = study.taken_at.year - patient.age_years - 1
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientName = f"PHANTOM^{patient.sex.value}{study.number:06d}"
    ds.PatientID = f"PHANTOM-{study.number:06d}"
    # The birthday lies after every day on which a phantom is scanned, so that the age is right without months.
    ds.PatientBirthDate = f"{birth_year}1231"
    ds.PatientSex = patient.sex.value
    ds.PatientAge = f"{patient.age_years:03d}Y"
    ds.PatientSize = f"{patient.height_cm / 100:.3f}"
    ds.PatientWeight = f"{patient.weight_kg:.1f}"


def _add_study(ds: Dataset, patient: Patient, study: StudyIdentity, instance: InstanceIdentity) -> None:
    scanner = SCANNERS[patient.scanner]
    ds.StudyInstanceUID = study.study_instance_uid
    ds.SeriesInstanceUID = instance.series_instance_uid
    ds.SOPInstanceUID = instance.sop_instance_uid
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = f"{study.taken_at:%Y%m%d}"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = f"{study.taken_at:%H%M%S}"
    ds.AccessionNumber = f"PH{study.number:08d}"
    ds.StudyID = str(study.number)
    ds.ReferringPhysicianName = ""
    ds.Manufacturer = scanner.manufacturer
    ds.ManufacturerModelName = scanner.model
    ds.SoftwareVersions = scanner.software
    ds.InstitutionName = "PHANTOM HOSPITAL"
    ds.DeviceSerialNumber = "PHANTOM"
    ds.SeriesNumber = instance.number
    ds.InstanceNumber = 1


def _add_ge_habits(ds: Dataset, kind: PhantomKind, pixels: npt.NDArray[np.uint8]) -> None:
    ds.StudyDescription = "DXA"
    ds.ProtocolName = LABELS[kind].protocol
    ds.BodyPartExamined = ds.Laterality = ds.PatientOrientation = ""
    if pixels.ndim == _COLOUR_DIMENSIONS:
        ds.SOPClassUID = uid.SecondaryCaptureImageStorage
        ds.Modality = "OT"
        ds.ConversionType = "WSD"
    else:
        ds.SOPClassUID = uid.ComputedRadiographyImageStorage
        ds.Modality = "CR"
        ds.ViewPosition = ""
        ds.ExposedArea = [max(round(side * _GE_PIXEL_CM), 1) for side in (pixels.shape[1], pixels.shape[0])]
    block = ds.private_block(0x7003, "GEMS_LUNAR_RAW", create=True)
    block.add_new(0x01, "LO", f"{ds.PatientName}|{ds.PatientID}")


def _add_hologic_habits(ds: Dataset, kind: PhantomKind) -> None:
    ds.SOPClassUID = uid.SecondaryCaptureImageStorage
    ds.Modality = "OT"
    ds.ConversionType = "WSD"
    ds.ImageType = ["DERIVED", "SECONDARY"]
    ds.StudyDescription = "Bone Densitometry"
    ds.SeriesDescription = LABELS[kind].description
    ds.BodyPartExamined = LABELS[kind].body_part
    if LABELS[kind].laterality is not None:
        ds.Laterality = LABELS[kind].laterality
    ds.PatientOrientation = ""
    block = ds.private_block(0x0011, "HOLOGIC", create=True)
    block.add_new(0x01, "LO", f"{ds.PatientName}|{ds.PatientID}")


def _add_pixels(ds: Dataset, pixels: npt.NDArray[np.uint8]) -> None:
    is_colour = pixels.ndim == _COLOUR_DIMENSIONS
    ds.SamplesPerPixel = 3 if is_colour else 1
    ds.PhotometricInterpretation = "RGB" if is_colour else "MONOCHROME2"
    if is_colour:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelRepresentation = 0
    content = pixels.tobytes()
    ds.PixelData = content + b"\0" * (len(content) % 2)
    # Of 8 bits, yet OW: Implicit VR Little Endian knows no other (PS3.5 A.1).
    ds["PixelData"].VR = "OW"


def _file_meta(ds: Dataset, make: Make) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if make is Make.GE else uid.ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid.UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return meta
