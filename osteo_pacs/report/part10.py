"""A Data Set as a file (PS3.10 section 7)."""

from __future__ import annotations

from pydicom.uid import ExplicitVRLittleEndian

from osteo_pacs.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from osteo_pacs.findings import InstanceRef
from osteo_pacs.report.encoding import element, encode


def part10_file(instance: InstanceRef, data_set: bytes) -> bytes:
    """The file of ``instance``, whose Data Set is encoded in Explicit VR Little Endian."""
    meta = encode(
        (
            element("FileMetaInformationVersion", b"\x00\x01"),
            element("MediaStorageSOPClassUID", instance.sop_class_uid),
            element("MediaStorageSOPInstanceUID", instance.sop_instance_uid),
            element("TransferSyntaxUID", ExplicitVRLittleEndian),
            element("ImplementationClassUID", IMPLEMENTATION_CLASS_UID),
            element("ImplementationVersionName", IMPLEMENTATION_VERSION_NAME),
        )
    )
    group_length = encode((element("FileMetaInformationGroupLength", len(meta)),))
    return b"".join((bytes(128), b"DICM", group_length, meta, data_set))
