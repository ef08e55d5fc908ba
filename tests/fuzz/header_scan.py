"""The listener's look at a Data Set: it ends in a header or in DataSetUnparsable, and sees what pydicom sees."""

from __future__ import annotations

from io import BytesIO

from pydicom.filereader import data_element_generator

from osteo_pacs.dicom import header as header_module
from osteo_pacs.dicom.header import Header, parse_uid, read_header
from osteo_pacs.dicom.scan import PIXEL_DATA, DataSetUnparsable, scan

UIDS = {0x00080016: "sop_class_uid", 0x00080018: "sop_instance_uid", 0x0020000D: "study_instance_uid",
        0x0020000E: "series_instance_uid"}  # fmt: skip


def header_scan(data: bytes) -> None:
    """The first byte says whether the Data Set behind it tells its VRs."""
    is_implicit_vr, data_set = bool(data[:1] and data[0] & 1), data[1:]
    try:
        header = read_header(memoryview(data_set), is_implicit_vr=is_implicit_vr)
    except DataSetUnparsable:
        return
    _fits_a_column(header)
    elements = list(scan(data_set, is_implicit_vr=is_implicit_vr))
    assert all(start <= stop <= len(data_set) for _, start, stop in elements)
    assert (elements[-1].stop if elements else 0) == len(data_set)
    _is_what_pydicom_reads(header, data_set, is_implicit_vr=is_implicit_vr)


def _fits_a_column(header: Header) -> None:
    for name in UIDS.values():
        value = getattr(header, name)
        assert value is None or (0 < len(value) <= 64 and set(value) <= set("0123456789."))
    assert len(header.accession_number) <= 64
    assert header.accession_number.isprintable()
    assert len(header.patient_digest) in {0, 64}


def _is_what_pydicom_reads(header: Header, data_set: bytes, *, is_implicit_vr: bool) -> None:
    values = _values_by_pydicom(data_set, is_implicit_vr=is_implicit_vr)
    if values is None:
        return
    for tag, name in UIDS.items():
        assert getattr(header, name) == parse_uid(values.get(tag, b"")), name
    assert header.patient_digest == header_module._patient_digest(values)


def _values_by_pydicom(data_set: bytes, *, is_implicit_vr: bool) -> dict[int, bytes] | None:
    """The identifying values before the pixels; None where pydicom does not read so far."""
    found: dict[int, bytes] = {}
    try:
        for element in data_element_generator(BytesIO(data_set), is_implicit_vr, is_little_endian=True):
            if int(element.tag) == PIXEL_DATA:
                break
            if int(element.tag) in header_module._IDENTIFYING:
                found[int(element.tag)] = element.value or b""
    except Exception:  # noqa: BLE001 - what pydicom makes of it is pydicom's, the listener does not ask it
        return None
    return found
