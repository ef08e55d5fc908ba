import io

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from osteo_pacs.dicom import codes
from osteo_pacs.report.content_item import (
    FirstFrame,
    Measured,
    Polyline,
    Uid,
    contains,
    has_obs_context,
    section,
    selected_from,
)
from osteo_pacs.report.encoding import content_sequence, element, element_of_bytes, encode, sequence
from sr_gate import sources
from sr_gate.results import instance

SOURCE = instance(sources.plain())


def decoded(*elements) -> Dataset:
    return pydicom.dcmread(io.BytesIO(bytes(128) + b"DICM" + encode(elements)), force=True)


def by_pydicom(ds: Dataset) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, ds)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "item",
    [
        section(codes.FINDINGS_SECTION, contains(codes.COMMENT, "one"), contains(codes.COMMENT, "two!")),
        has_obs_context(codes.TRACKING_UNIQUE_IDENTIFIER, Uid("1.2.3")),
        contains(codes.OSTEOPOROSIS, codes.PRESENT),
        contains(codes.PROBABILITY_OF_OSTEOPOROSIS, Measured("87.0", codes.PERCENT)),
        contains(codes.SOURCE, SOURCE),
        contains(codes.IMAGE_REGION, Polyline(((1, 2), (3, 4))), selected_from(codes.SOURCE, FirstFrame(SOURCE))),
    ],
    ids=["CONTAINER", "UIDREF", "CODE", "NUM", "IMAGE", "SCOORD"],
)
def test_item_is_encoded_as_pydicom_would(item):
    ds = decoded(content_sequence([item]))
    assert all(element.tag for element in ds.iterall())  # what is not decoded would be written as it came
    assert encode([content_sequence([item])]) == by_pydicom(Dataset(ds))


def test_elements_are_written_in_the_order_of_their_tags():
    encoded = encode([element("StudyID", "1"), element("Modality", "SR"), element("PatientID", "2")])
    assert encoded == encode([element("Modality", "SR"), element("PatientID", "2"), element("StudyID", "1")])
    assert encoded.startswith(b"\x08\x00\x60\x00CS\x02\x00SR")


def test_value_of_odd_length_is_padded():
    assert element_of_bytes("PatientID", b"123").encoded == b"\x10\x00\x20\x00LO\x04\x00123 "


def test_empty_sequence_has_no_item():
    assert decoded(sequence("PerformedProcedureCodeSequence")).PerformedProcedureCodeSequence == []


def test_backslash_separates_values():
    assert decoded(element("SpecificCharacterSet", "\\ISO 2022 IR 87")).SpecificCharacterSet == [
        "",
        "ISO 2022 IR 87",
    ]


def test_unknown_keyword_is_an_error():
    with pytest.raises(KeyError, match="PatientShoeSize"):
        element("PatientShoeSize", "42")
