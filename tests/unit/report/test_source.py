from datetime import timedelta, timezone

import pytest
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from osteo_pacs.report.source import REQUIRED, read_source
from sr_gate import sources

WAYS = {"from a file": sources.read_back, "in memory": lambda ds: ds, "through JSON": sources.as_json}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request):
    return request.param


def test_patient_and_study_are_the_source_s(way):
    attributes = read_source(way(sources.plain())).attributes
    assert attributes["PatientName"] == b"PHANTOM^SPINE"
    assert attributes["PatientID"] == b"PHANTOM-0001"
    assert attributes["StudyDate"] == b"20240502"
    assert attributes["PatientAge"] == b"072Y"
    assert float(attributes["PatientSize"]) == 1.62


@pytest.mark.parametrize("name", sources.NAMES)
def test_name_keeps_its_bytes(way, name):
    ds = sources.plain()
    ds.SpecificCharacterSet, ds.PatientName = sources.NAMES[name]
    from_file = sources.read_back(ds).get_item(Tag("PatientName")).value
    source = read_source(way(ds))
    assert source.attributes["PatientName"] == from_file.rstrip(b" ")
    assert "\\".join(source.character_set) == "\\".join(
        [ds.SpecificCharacterSet] if isinstance(ds.SpecificCharacterSet, str) else ds.SpecificCharacterSet
    )


@pytest.mark.parametrize("declared", ["", "ISO_IR 192"])
def test_name_under_a_false_character_set_becomes_utf_8(declared):
    source = read_source(sources.with_name_bytes(b"M\xdcLLER^SPINE", declared))
    assert source.attributes["PatientName"].decode() == "M\u00dcLLER^SPINE"
    assert source.character_set == ("ISO_IR 192",)


def test_character_that_was_lost_in_decoding_becomes_a_question_mark():
    ds = sources.plain()
    ds.SpecificCharacterSet, ds.PatientName = "ISO_IR 100", "M\N{REPLACEMENT CHARACTER}LLER"
    assert read_source(ds).attributes["PatientName"] == b"M?LLER"


def test_ge_header_leaves_type_2_attributes_empty():
    attributes = read_source(sources.ge()).attributes
    empty = {keyword for keyword in REQUIRED if not attributes[keyword]}
    assert empty == {"AccessionNumber", "ReferringPhysicianName", "StudyID", "PatientBirthDate", "PatientSex"}


def test_empty_data_set_gives_an_empty_source():
    source = read_source(Dataset())
    assert not any(source.attributes.values())
    assert source.scanner == {}
    assert source.requests == ()
    assert source.character_set == ()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", b"2024.5.2"),
        ("StudyTime", b"10:15:00"),
        ("PatientBirthDate", b"19521399"),
        ("PatientSex", b"W"),
        ("PatientAge", b"72"),
        ("PatientSize", b"1,62"),
        ("PatientWeight", b"61 kg"),
    ],
)
def test_value_that_its_vr_forbids_is_left_out(keyword, value):
    ds = sources.read_back(sources.plain())
    raw = ds.get_item(Tag(keyword))
    ds[Tag(keyword)] = raw._replace(value=value, length=len(value))
    assert read_source(ds).attributes[keyword] == b""


def test_control_characters_and_padding_go():
    ds = sources.read_back(sources.plain())
    raw = ds.get_item(Tag("PatientID"))
    ds[Tag("PatientID")] = raw._replace(value=b" 12\r\n34\x00 ", length=9)
    assert read_source(ds).attributes["PatientID"] == b"1234"


def test_long_accession_number_is_not_cut():
    ds = sources.read_back(sources.plain())
    raw = ds.get_item(Tag("AccessionNumber"))
    ds[Tag("AccessionNumber")] = raw._replace(value=b"A" * 30, length=30)
    assert read_source(ds).attributes["AccessionNumber"] == b"A" * 30


def test_several_software_versions_are_kept(way):
    ds = sources.plain()
    ds.SoftwareVersions = ["18", "SP 2"]
    assert read_source(way(ds)).scanner["SoftwareVersions"] == b"18\\SP 2"


def test_scanner_without_a_manufacturer_is_not_named():
    ds = sources.plain()
    ds.Manufacturer = ""
    assert read_source(ds).scanner == {}


def test_request_has_its_codes_and_the_accession_number_of_the_study(way):
    [request] = read_source(way(sources.with_request())).requests
    assert request.attributes["RequestedProcedureID"] == b"RP7"
    assert request.attributes["AccessionNumber"] == b"A2024-0042"
    assert request.attributes["PlacerOrderNumberImagingServiceRequest"] == b""
    assert [code["CodeValue"] for code in request.procedure_codes] == [b"77081"]


def test_request_s_own_accession_number_wins():
    ds = sources.with_request()
    ds.RequestAttributesSequence[0].AccessionNumber = "OWN"
    assert read_source(ds).requests[0].attributes["AccessionNumber"] == b"OWN"


def test_request_is_written_in_the_character_set_of_the_study(way):
    ds = sources.with_request()
    ds.RequestAttributesSequence[0].RequestedProcedureDescription = "LWS r\u00f6ntgen"
    [request] = read_source(way(ds)).requests
    assert request.attributes["RequestedProcedureDescription"] == b"LWS r\xf6ntgen"


def test_procedure_code_without_a_meaning_is_left_out(way):
    ds = sources.with_request()
    del ds.RequestAttributesSequence[0].RequestedProcedureCodeSequence[0].CodeMeaning
    assert read_source(way(ds)).requests[0].procedure_codes == ()


def test_broken_request_attributes_are_no_request():
    ds = sources.read_back(sources.with_request())
    raw = ds.get_item(Tag("RequestAttributesSequence"))
    ds[Tag("RequestAttributesSequence")] = raw._replace(value=b"\xfe\xff\x00\xe0\xff\xff", length=6)
    assert read_source(ds).requests == ()


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        ("+0900", timezone(timedelta(hours=9))),
        ("-0330", timezone(-timedelta(hours=3, minutes=30))),
        ("+9999", None),
        ("CET", None),
        ("", None),
    ],
)
def test_time_zone_is_that_of_the_source(way, offset, zone):
    ds = sources.plain()
    ds.TimezoneOffsetFromUTC = offset
    assert read_source(way(ds)).time_zone == zone


@pytest.mark.parametrize(("frames", "is_multi_frame"), [("1", False), ("2", True), ("", False), (None, False)])
def test_number_of_frames_tells_multi_frame(way, frames, is_multi_frame):
    ds = sources.plain()
    if frames is not None:
        ds.NumberOfFrames = frames
    source = read_source(way(ds))
    assert source.is_multi_frame is is_multi_frame
    assert source.sop_instance_uid == sources.IMAGE
