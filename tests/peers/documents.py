"""Small instances as Part 10 bytes, for tests that need something to send."""

from __future__ import annotations

from io import BytesIO

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian, generate_uid


def part10(
    sop_class_uid: str = ComprehensiveSRStorage,
    *,
    study_instance_uid: str = "",
    sop_instance_uid: str = "",
    transfer_syntax_uid: str = ExplicitVRLittleEndian,
    comment: str = "",
) -> bytes:
    """An instance with a header that a PACS can file, padded by ``comment``."""
    ds = Dataset()
    ds.SOPClassUID = sop_class_uid
    ds.SOPInstanceUID = sop_instance_uid or generate_uid()
    ds.StudyInstanceUID = study_instance_uid or generate_uid()
    ds.SeriesInstanceUID = generate_uid()
    ds.PatientID, ds.PatientName, ds.StudyID = "TEST-1", "Test^Peer", "1"
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20240102", "030405", "A1"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "SR", 1, 1
    ds.ContentSequence = [Dataset()]
    ds.ContentSequence[0].ValueType, ds.ContentSequence[0].TextValue = "TEXT", comment or "words"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = transfer_syntax_uid
    content = BytesIO()
    dcmwrite(content, ds, enforce_file_format=True)
    return content.getvalue()
