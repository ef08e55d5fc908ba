from __future__ import annotations

import struct

import pytest

from osteo_pacs.dicom.header import parse_uid, read_header
from osteo_pacs.dicom.scan import DataSetUnparsable


def element(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def header(**values: bytes):
    tags = {
        "sop_class": 0x00080016, "sop_instance": 0x00080018, "accession": 0x00080050, "patient": 0x00100020,
        "issuer": 0x00100021, "study": 0x0020000D, "series": 0x0020000E,
    }  # fmt: skip
    data = b"".join(element(tags[name], value) for name, value in values.items())
    return read_header(memoryview(data), is_implicit_vr=True)


def test_the_identifying_attributes_are_read():
    found = header(sop_class=b"1.2\0", sop_instance=b"1.3\0", accession=b"A1 ", study=b"1.4 ", series=b"1.55")
    assert (found.sop_class_uid, found.sop_instance_uid) == ("1.2", "1.3")
    assert (found.study_instance_uid, found.series_instance_uid) == ("1.4", "1.55")
    assert (found.accession_number, found.patient_digest) == ("A1", "")


def test_what_is_missing_or_no_uid_is_none():
    found = header(sop_instance=b"../x")
    assert found.sop_class_uid is None
    assert found.sop_instance_uid is None


def test_the_patient_is_a_digest_of_id_and_issuer():
    one = header(patient=b"X1", issuer=b"A ")
    assert one.patient_digest == header(patient=b"X1  ", issuer=b"A\0").patient_digest
    assert one.patient_digest != header(patient=b"X1", issuer=b"B ").patient_digest
    assert one.patient_digest != header(patient=b"X1").patient_digest
    assert "X1" not in str(one)


def test_a_text_is_cut_to_its_column_and_holds_no_control_characters():
    assert header(accession=b"A\0\x1b\r\n\xff1" + b"x" * 100).accession_number == "A\ufffd1" + "x" * 61


def test_an_attribute_that_stands_twice_is_unparsable():
    data = element(0x00080018, b"1.2\0") * 2
    with pytest.raises(DataSetUnparsable, match="twice"):
        read_header(memoryview(data), is_implicit_vr=True)


@pytest.mark.parametrize(
    ("value", "uid"),
    [
        (b"1.2.3\0", "1.2.3"),
        (b"1.2.3 ", "1.2.3"),
        (b"1.2.03", "1.2.03"),
        (b"1", "1"),
        (b"1." + b"2" * 62, "1." + "2" * 62),
        (b"1." + b"2" * 63, None),
        (b"", None),
        (b"\0", None),
        (b"1.2.3\0\0", None),
        (b"1.2.3\n", None),
        (b"1..2", None),
        (b"1.2.", None),
        (b"-1.2", None),
        ("1.٢".encode(), None),
    ],
)
def test_a_uid_is_digits_and_dots(value, uid):
    assert parse_uid(value) == uid
