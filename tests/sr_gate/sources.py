"""Headers of source images as scanners and PACS send them, without pixels."""

from __future__ import annotations

import io
import struct
import warnings

import pydicom
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

STUDY = "1.2.826.0.1.3680043.10.1.1"
SERIES = "1.2.826.0.1.3680043.10.1.1.1"
IMAGE = "1.2.826.0.1.3680043.10.1.1.1.1"
SECOND_IMAGE = "1.2.826.0.1.3680043.10.1.1.1.2"

NAMES = {
    "latin_1": ("ISO_IR 100", "M\N{LATIN SMALL LETTER U WITH DIAERESIS}LLER^SPINE"),
    "cyrillic": ("ISO_IR 144", "\u0418\u0432\u0430\u043d\u043e\u0432\u0430^\u0410\u043d\u043d\u0430"),
    "utf_8": ("ISO_IR 192", "Wang^XiaoDong=\u738b^\u5c0f\u6771"),
    "japanese": (
        ["", "ISO 2022 IR 87"],
        "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046",
    ),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=\u6d2a^\u5409\u6d1e=\ud64d^\uae38\ub3d9"),
}


def plain() -> Dataset:
    """A Secondary Capture with everything that a report may inherit."""
    ds = _instance(uid.SecondaryCaptureImageStorage)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.StudyDate, ds.StudyTime = "20240502", "101500"
    ds.AccessionNumber, ds.StudyID, ds.StudyDescription = "A2024-0042", "42", "DXA SPINE + HIP"
    ds.ReferringPhysicianName, ds.InstitutionName = "REFERRER^TEST", "Test Site"
    ds.Modality = "OT"
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = "PHANTOM^SPINE", "PHANTOM-0001", "SITE"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19520314", "F", "072Y"
    ds.PatientSize, ds.PatientWeight = "1.62", "61"
    ds.Manufacturer, ds.ManufacturerModelName = "Test Scanner", "Phantom"
    ds.DeviceSerialNumber, ds.SoftwareVersions = "0001", "18 [SP 2]"
    return ds


def with_request() -> Dataset:
    """The same, ordered: one requested procedure with its codes."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "77081", "C4", "DXA axial"
    request = Dataset()
    request.RequestedProcedureID, request.RequestedProcedureDescription = "RP7", "DXA spine AP"
    request.ScheduledProcedureStepID = "SPS7"
    request.RequestedProcedureCodeSequence = [code]
    ds = plain()
    ds.RequestAttributesSequence = [request]
    return ds


def ge() -> Dataset:
    """GE Lunar: Computed Radiography in Implicit VR, type 2 attributes empty or left out."""
    ds = _instance(uid.ComputedRadiographyImageStorage)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.Modality, ds.Manufacturer = "CR", "GE MEDICAL SYSTEMS"
    ds.ManufacturerModelName, ds.ProtocolName = "Lunar iDXA", "AP Spine"
    ds.StudyDate, ds.StudyTime = "20240502", "101500"
    ds.PatientName, ds.PatientID = "PHANTOM^SPINE", "PHANTOM-0001"
    ds.PatientBirthDate, ds.PatientSex = "", ""
    ds.BodyPartExamined = ds.ViewPosition = ds.Laterality = ""
    ds.ReferringPhysicianName = ""
    ds.PatientSize, ds.PatientWeight = "", "61.5"
    return read_back(ds, implicit_vr=True)


def hologic() -> Dataset:
    """Hologic: Secondary Capture with private elements that name the patient."""
    ds = plain()
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = "OT", "Hologic", "Horizon A"
    ds.SeriesDescription = "Lumbar Spine"
    block = ds.private_block(0x0021, "HOLOGIC", create=True)
    block.add_new(0x01, "LO", "PRIVATE^NAME")
    return read_back(ds)


def named(name: str) -> Dataset:
    """The plain header with one of `NAMES`, as it is read from a file."""
    ds = plain()
    ds.SpecificCharacterSet, ds.PatientName = NAMES[name]
    return read_back(ds)


def with_name_bytes(name: bytes, character_set: str = "") -> Dataset:
    """The plain header with these bytes for a name, whatever the character set says."""
    placeholder = b"PLACEHOLDER^NAME".ljust(len(name) + len(name) % 2, b"x")
    ds = plain()
    ds.PatientName = placeholder.decode()
    ds.SpecificCharacterSet = "ISO_IR 192"
    part10 = part10_bytes(ds).replace(placeholder, name.ljust(len(placeholder)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom says of some sets that it does not know them, and reads on
        return pydicom.dcmread(io.BytesIO(_with_character_set(part10, character_set)))


def multi_frame() -> Dataset:
    """A Secondary Capture of two frames."""
    ds = plain()
    ds.SOPClassUID = uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    ds.NumberOfFrames = 2
    return read_back(ds)


def second(ds: Dataset) -> Dataset:
    """The study's second image, with the same header otherwise."""
    ds.SOPInstanceUID = SECOND_IMAGE
    return ds


def as_json(ds: Dataset) -> Dataset:
    """The header after its way through the DICOM JSON Model (PS3.18 Annex F)."""
    return Dataset.from_json(ds.to_json_dict())


def read_back(ds: Dataset, *, implicit_vr: bool = False) -> Dataset:
    """The header as pydicom reads it from a file, its elements not decoded yet."""
    return pydicom.dcmread(io.BytesIO(part10_bytes(ds, implicit_vr=implicit_vr)))


def part10_bytes(ds: Dataset, *, implicit_vr: bool = False) -> bytes:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit_vr else uid.ExplicitVRLittleEndian
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _with_character_set(part10: bytes, character_set: str) -> bytes:
    element = b"\x08\x00\x05\x00CS" + struct.pack("<H", 10) + b"ISO_IR 192"
    value = character_set.encode() + b" " * (len(character_set) % 2)
    assert element in part10
    return part10.replace(element, element[:6] + struct.pack("<H", len(value)) + value)


def _instance(sop_class_uid: str) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class_uid, IMAGE
    ds.SeriesInstanceUID, ds.StudyInstanceUID = SERIES, STUDY
    ds.Rows, ds.Columns = 480, 320
    return ds
