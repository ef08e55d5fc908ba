from __future__ import annotations

import json

import pytest
from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence

from images import image_dataset, save
from osteo_pacs.decode.header import LIMIT_BYTES


def with_bytes(path, old: bytes, new: bytes) -> None:
    """Replaces bytes in a file by as many others, as a broken writer would have put them there."""
    content = path.read_bytes()
    assert content.count(old) == 1
    assert len(old) == len(new)
    path.write_bytes(content.replace(old, new))


def test_pixels_private_and_bulk_values_stay_behind(decoder, ramp, tmp_path):
    ds = image_dataset(ramp, PatientID="P1")
    ds.private_block(0x7003, "GEMS_LUNAR_RAW", create=True).add_new(0x01, "LO", "private")
    ds.add_new(0x60003000, "OW", b"\0" * 64)
    ds.add_new(0x00420011, "OB", b"%PDF")
    header = decoder.header(save(ds, tmp_path))
    assert header.PatientID == "P1"
    assert not any(element.tag.is_private for element in header)
    assert "PixelData" not in header
    assert "EncapsulatedDocument" not in header
    assert 0x60003000 not in header


def test_request_attributes_come_along(decoder, ramp, tmp_path):
    item = Dataset()
    item.RequestedProcedureID, item.AccessionNumber = "RP1", "A1"
    header = decoder.header(save(image_dataset(ramp, RequestAttributesSequence=Sequence([item])), tmp_path))
    assert header.RequestAttributesSequence[0].RequestedProcedureID == "RP1"


def test_names_keep_their_characters(decoder, ramp, tmp_path):
    ds = image_dataset(ramp, SpecificCharacterSet="ISO_IR 100", PatientName="Grün^Änne")
    header = decoder.header(save(ds, tmp_path))
    assert str(header.PatientName) == "Grün^Änne"
    assert header.SpecificCharacterSet == "ISO_IR 100"


def test_unknown_character_set_becomes_one_that_can_be_written(decoder, ramp, tmp_path):
    path = save(image_dataset(ramp, SpecificCharacterSet="ISO_IR 100", PatientName="Phantom^A"), tmp_path)
    with_bytes(path, b"ISO_IR 100", b"KLINGON 9 ")
    header = decoder.header(path)
    assert header.SpecificCharacterSet == "ISO_IR 192"
    assert str(header.PatientName) == "Phantom^A"


@pytest.mark.parametrize(
    "case",
    [
        ("InstanceNumber", "1234", b"12x4"),
        ("PatientSize", "1.62", b"1e,2"),
        ("PatientWeight", "60.5", b"\xff\xfe\x00\x01"),
    ],
)
def test_a_number_that_is_none_is_left_out_alone(decoder, ramp, tmp_path, case):
    keyword, good, broken = case
    path = save(image_dataset(ramp, PatientID="P1", **{keyword: good}), tmp_path)
    with_bytes(path, good.encode(), broken)
    header = decoder.header(path)
    assert keyword not in header
    assert header.PatientID == "P1"


def test_infinite_decimal_string_is_left_out(decoder, ramp, tmp_path):
    path = save(image_dataset(ramp, PatientSize="100000"), tmp_path)
    with_bytes(path, b"100000", b"1e9999")
    assert "PatientSize" not in decoder.header(path)


def test_a_header_is_never_larger_than_its_limit(decoder, ramp, tmp_path):
    ds = image_dataset(ramp)
    for place in range(400):
        ds.add(DataElement(0x00404000 + place * 2, "LT", "x" * 4000))
    ds.ImageComments = "y" * 10_000
    header = decoder.header(save(ds, tmp_path))
    assert len(json.dumps(header.to_json_dict())) <= LIMIT_BYTES
    assert header.SOPInstanceUID == "1.2.3"
    assert "ImageComments" not in header


def test_sequences_are_cut_in_depth_and_number(decoder, ramp, tmp_path):
    inner = Dataset()
    for _ in range(12):
        outer = Dataset()
        outer.ReferencedImageSequence = Sequence([inner])
        inner = outer
    ds = image_dataset(ramp, ReferencedImageSequence=Sequence([inner] * 100))
    header = decoder.header(save(ds, tmp_path))
    assert len(header.ReferencedImageSequence) == 32
    item, depth = header.ReferencedImageSequence[0], 0
    while "ReferencedImageSequence" in item and item.ReferencedImageSequence:
        item, depth = item.ReferencedImageSequence[0], depth + 1
    assert depth <= 4
