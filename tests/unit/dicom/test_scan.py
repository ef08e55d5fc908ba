"""The scan reads what pydicom reads, and ends on anything."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from osteo_pacs.dicom import scan as scan_module
from osteo_pacs.dicom.scan import MAX_DEPTH, PIXEL_DATA, DataSetUnparsable, scan

ITEM, ITEM_END, SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
UNDEFINED = 0xFFFFFFFF


def encode(ds: Dataset, *, is_implicit_vr: bool) -> bytes:
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, is_implicit_vr
    write_dataset(stream, ds)
    return stream.getvalue()


def values(data: bytes, *, is_implicit_vr: bool) -> dict[int, bytes]:
    return {e.tag: data[e.start : e.stop] for e in scan(data, is_implicit_vr=is_implicit_vr)}


def implicit(tag: int, value: bytes = b"", *, length: int | None = None) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def explicit(tag: int, vr: bytes, value: bytes = b"", *, length: int | None = None) -> bytes:
    length = len(value) if length is None else length
    if vr in {b"OB", b"OW", b"SQ", b"UN", b"UT"}:
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, length) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, length) + value


def item(value: bytes, *, is_undefined: bool = False) -> bytes:
    if is_undefined:
        return struct.pack("<HHL", 0xFFFE, ITEM, UNDEFINED) + value + struct.pack("<HHL", 0xFFFE, ITEM_END, 0)
    return struct.pack("<HHL", 0xFFFE, ITEM, len(value)) + value


def an_image(depth: int = 3) -> Dataset:
    ds = Dataset()
    ds.SOPInstanceUID, ds.PatientID, ds.Rows = "1.2.3", "X", 4
    ds.add_new(0x00190010, "LO", "PRIVATE")
    ds.add_new(0x00191001, "UN", b"\xfe\xff\x00\xe0 looks like an Item, and is none")
    ds.add_new(0x00420010, "UT", "long text")
    inner = ds
    for _ in range(depth):
        inner.ReferencedSeriesSequence = Sequence([Dataset(), Dataset()])
        inner = inner.ReferencedSeriesSequence[1]
        inner.SeriesInstanceUID = "1.2.4"
    ds.PixelData = bytes(range(256))
    ds["PixelData"].VR = "OW"
    return ds


@pytest.mark.parametrize("is_implicit_vr", [True, False])
def test_the_top_level_is_what_pydicom_wrote(is_implicit_vr):
    ds = an_image()
    found = values(encode(ds, is_implicit_vr=is_implicit_vr), is_implicit_vr=is_implicit_vr)
    assert list(found) == [int(element.tag) for element in ds]
    assert found[0x00080018] == b"1.2.3\0"
    assert found[PIXEL_DATA] == ds.PixelData


@pytest.mark.parametrize("is_undefined", [True, False])
@pytest.mark.parametrize("is_implicit_vr", [True, False])
def test_sequences_of_either_length_are_passed_over(is_implicit_vr, is_undefined):
    ds = an_image()
    ds["ReferencedSeriesSequence"].is_undefined_length = is_undefined
    for part in ds.ReferencedSeriesSequence:
        part.is_undefined_length_sequence_item = is_undefined
    found = values(encode(ds, is_implicit_vr=is_implicit_vr), is_implicit_vr=is_implicit_vr)
    assert list(found) == [int(element.tag) for element in ds]


@pytest.mark.parametrize("is_implicit_vr", [True, False])
@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1])
def test_sequences_are_taken_to_the_limit_of_their_depth(depth, is_implicit_vr):
    data = encode(an_image(depth), is_implicit_vr=is_implicit_vr)
    if depth <= MAX_DEPTH:
        assert PIXEL_DATA in values(data, is_implicit_vr=is_implicit_vr)
        return
    with pytest.raises(DataSetUnparsable, match="32 sequences"):
        values(data, is_implicit_vr=is_implicit_vr)


def nested_in_un(depth: int) -> bytes:
    value = b""
    for _ in range(depth):
        value = implicit(0x00091001, item(value))
    return explicit(0x00091001, b"UN", item(value))


def test_depth_counts_where_only_a_reader_would_guess_a_sequence():
    assert list(scan(nested_in_un(MAX_DEPTH - 1), is_implicit_vr=False))
    with pytest.raises(DataSetUnparsable, match="32 sequences"):
        list(scan(nested_in_un(MAX_DEPTH), is_implicit_vr=False))


@pytest.mark.parametrize(
    "value",
    [
        b"\xfe\xff\x00\xe0",
        b"\xfe\xff\x00\xe0\x04\x00\x00\x00",
        item(b"1234567"),
        item(implicit(0x00100020, b"12", length=4)),
        item(implicit(0x00091002, item(b"broken")) + b"more"),
    ],
)
def test_a_private_value_that_only_looks_like_a_sequence_is_a_value(value):
    data = implicit(0x00091001, value) + implicit(0x00100020, b"ID")
    assert values(data, is_implicit_vr=True) == {0x00091001: value, 0x00100020: b"ID"}


def test_encapsulated_pixels_are_passed_over_and_what_follows_is_read():
    fragments = item(b"") + item(b"12345678") + item(b"90")
    data = explicit(PIXEL_DATA, b"OB", fragments + struct.pack("<HHL", 0xFFFE, SEQUENCE_END, 0), length=UNDEFINED)
    data += explicit(0xFFFCFFFC, b"OB", b"..")
    assert list(values(data, is_implicit_vr=False)) == [PIXEL_DATA, 0xFFFCFFFC]


@pytest.mark.parametrize(
    "pixels",
    [
        explicit(PIXEL_DATA, b"OW", b"1234", length=1000),
        explicit(PIXEL_DATA, b"OB", item(b"1234"), length=UNDEFINED),
        explicit(PIXEL_DATA, b"OB", item(b"12")[:-4] + b"", length=UNDEFINED),
        explicit(PIXEL_DATA, b"OB", b"", length=UNDEFINED),
    ],
)
def test_pixels_that_end_too_early_are_handed_out_as_far_as_they_go(pixels):
    data = explicit(0x00100020, b"LO", b"ID") + pixels
    [_, element] = scan(data, is_implicit_vr=False)
    assert (element.tag, element.stop) == (PIXEL_DATA, len(data))


BROKEN = {
    "an element cut in its header": implicit(0x00100020, b"ID")[:6],
    "a value past the end": implicit(0x00100020, b"ID", length=4),
    "group 0000": implicit(0x00000002, b"12"),
    "group 0002": implicit(0x00020010, b"12"),
    "an Item": implicit(0xFFFEE000),
    "a sequence without Items": implicit(0x0040A730, implicit(0x00100020, b"ID"), length=UNDEFINED),
    "an Item past its sequence": implicit(0x0040A730, struct.pack("<HHL", 0xFFFE, ITEM, 9), length=UNDEFINED),
    "an endless sequence": implicit(0x0040A730, item(b""), length=UNDEFINED),
    "an endless Item": implicit(0x0040A730, struct.pack("<HHL", 0xFFFE, ITEM, UNDEFINED), length=UNDEFINED),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_does_not_fit_is_unparsable(case):
    with pytest.raises(DataSetUnparsable):
        list(scan(BROKEN[case], is_implicit_vr=True))


BROKEN_EXPLICIT = {
    "no VR": explicit(0x00100020, b"\0\0", b"ID"),
    "text in undefined length": explicit(0x00420010, b"UT", b"", length=UNDEFINED),
    "a sequence cut in its length": explicit(0x0040A730, b"SQ")[:10],
    "Items in a sequence that are too long": explicit(0x0040A730, b"SQ", item(b"")[:-2] + b"\1\0"),
    "an endless fragment": explicit(
        0x00091001, b"OB", struct.pack("<HHL", 0xFFFE, ITEM, UNDEFINED), length=UNDEFINED
    ),
}


@pytest.mark.parametrize("case", BROKEN_EXPLICIT)
def test_what_does_not_fit_in_explicit_vr_is_unparsable(case):
    with pytest.raises(DataSetUnparsable):
        list(scan(BROKEN_EXPLICIT[case], is_implicit_vr=False))


def test_more_elements_than_the_limit_are_unparsable(monkeypatch):
    monkeypatch.setattr(scan_module, "MAX_ELEMENTS", 10)
    assert len(list(scan(implicit(0x00100020) * 10, is_implicit_vr=True))) == 10
    with pytest.raises(DataSetUnparsable, match="10 elements"):
        list(scan(implicit(0x00100020) * 11, is_implicit_vr=True))
    with pytest.raises(DataSetUnparsable, match="10 elements"):
        list(scan(implicit(0x0040A730, item(b"") * 11), is_implicit_vr=True))


PIECES = st.sampled_from(
    [
        implicit(0x00100020, b"ID"),
        implicit(0x0040A730, length=UNDEFINED),
        explicit(0x00100020, b"LO", b"ID"),
        explicit(0x0040A730, b"SQ", length=UNDEFINED),
        explicit(0x00091001, b"UN", length=UNDEFINED),
        explicit(PIXEL_DATA, b"OB", length=UNDEFINED),
        item(b""),
        struct.pack("<HHL", 0xFFFE, ITEM, UNDEFINED),
        struct.pack("<HHL", 0xFFFE, ITEM_END, 0),
        struct.pack("<HHL", 0xFFFE, SEQUENCE_END, 0),
    ]
)


PUZZLES = st.lists(PIECES | st.binary(max_size=5), max_size=12).map(b"".join)


@given(data=st.binary(max_size=200) | PUZZLES, is_implicit_vr=st.booleans())
@example(data=BROKEN["an endless Item"] * 3, is_implicit_vr=True)
def test_any_bytes_end_in_elements_that_fit_or_in_an_error(data, is_implicit_vr):
    end = 0
    try:
        for element in scan(data, is_implicit_vr=is_implicit_vr):
            assert end < element.start <= element.stop <= len(data)
            end = element.stop
    except DataSetUnparsable:
        return
    assert end == len(data)
