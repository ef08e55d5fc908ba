"""What the listener reads of a Data Set is what was written, and what pydicom reads."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from fuzz.header_scan import header_scan
from osteo_pacs.dicom.header import parse_uid, read_header

UIDS = st.lists(st.integers(0, 10**9), min_size=1, max_size=6).map(lambda parts: ".".join(map(str, parts)))
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=16)


@st.composite
def data_sets(draw, depth=2):
    """With what identifies them, other attributes, and sequences of such Data Sets."""
    ds = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(ds, keyword, draw(UIDS))
    ds.AccessionNumber, ds.PatientID, ds.IssuerOfPatientID = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    if draw(st.booleans()):
        ds.add_new(0x00091001, "UN", draw(st.binary(max_size=20)))
    if depth and draw(st.booleans()):
        items = draw(st.lists(data_sets(depth=depth - 1), max_size=2))
        ds.ReferencedSeriesSequence = Sequence(items)
        ds["ReferencedSeriesSequence"].is_undefined_length = draw(st.booleans())
    ds.add_new(0x7FE00010, "OW", draw(st.binary(max_size=40)))
    return ds


def encoded(ds: Dataset, *, is_implicit_vr: bool) -> bytes:
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, is_implicit_vr
    write_dataset(stream, ds)
    return stream.getvalue()


@given(ds=data_sets(), is_implicit_vr=st.booleans())
def test_a_header_is_read_as_it_was_written(ds, is_implicit_vr):
    header = read_header(memoryview(encoded(ds, is_implicit_vr=is_implicit_vr)), is_implicit_vr=is_implicit_vr)
    assert header.sop_class_uid == ds.SOPClassUID
    assert header.sop_instance_uid == ds.SOPInstanceUID
    assert header.study_instance_uid == ds.StudyInstanceUID
    assert header.series_instance_uid == ds.SeriesInstanceUID
    assert header.accession_number == ds.AccessionNumber.strip()
    patient = f"{ds.PatientID.strip()}\x1f{ds.IssuerOfPatientID.strip()}"
    assert header.patient_digest == (sha256(patient.encode()).hexdigest() if ds.PatientID.strip() else "")


@settings(max_examples=300)
@given(ds=data_sets(), is_implicit_vr=st.booleans(), data=st.data())
def test_a_data_set_with_changed_bytes_is_refused_or_read_as_pydicom_reads_it(ds, is_implicit_vr, data):
    content = bytearray(encoded(ds, is_implicit_vr=is_implicit_vr))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    header_scan(bytes([is_implicit_vr, *content]))


@given(ds=data_sets(depth=1), is_implicit_vr=st.booleans())
def test_a_data_set_that_ends_anywhere_is_refused_or_read_as_pydicom_reads_it(ds, is_implicit_vr):
    content = encoded(ds, is_implicit_vr=is_implicit_vr)
    for end in range(len(content)):
        header_scan(bytes([is_implicit_vr]) + content[:end])


@given(UIDS)
def test_a_uid_is_read_with_its_padding(uid):
    value = uid.encode()
    assert parse_uid(value + b"\0" * (len(value) % 2)) == uid
    assert parse_uid(value + b" ") == uid


@given(st.binary(max_size=70))
def test_what_is_no_uid_is_none(value):
    uid = parse_uid(value)
    assert uid is None or (set(uid) <= set("0123456789.") and 0 < len(uid) <= 64 and uid.encode() in value)
