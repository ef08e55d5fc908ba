import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pydicom
import pytest

from osteo_pacs.findings import InstanceRef, StudyResult
from osteo_pacs.report import DocumentKind, build_documents
from sr_gate import sources
from sr_gate.results import INPUT_DIGEST, MODEL, NOW, PLAIN, SR, documents, finding, refusal
from sr_gate.tree import descendants, evidence, references

MEASUREMENT_KINDS = [kind for kind in PLAIN if not kind.is_text]


def read(document):
    return pydicom.dcmread(io.BytesIO(document.content))


def positive(ds=None, **arguments):
    ds = ds or sources.plain()
    return documents([ds], finding(ds, 0.87), **arguments)


def test_same_arguments_give_the_same_bytes():
    assert positive() == positive()


def test_document_says_of_itself_what_the_file_says():
    for kind, document in positive().items():
        ds = read(document)
        assert document.kind is kind
        assert (
            ds.SOPClassUID == ds.file_meta.MediaStorageSOPClassUID == document.sop_class_uid == kind.sop_class_uid
        )
        assert ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID == document.sop_instance_uid
        assert ds.SeriesInstanceUID == document.series_instance_uid
        assert ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_only_wanted_kinds_are_built_in_the_order_of_kinds():
    wanted = [DocumentKind.TEXT_SR, SR]
    assert list(positive(kinds=wanted)) == [SR, DocumentKind.TEXT_SR]


def test_every_document_has_a_series_of_its_own():
    built = positive().values()
    assert len({document.series_instance_uid for document in built}) == len(PLAIN)
    assert len({document.sop_instance_uid for document in built}) == len(PLAIN)
    assert {int(read(document).SeriesNumber) for document in built} == {9701, 9703}


def test_classes_of_the_measurement_report_share_one_tree():
    trees = {str(read(positive()[kind]).ContentSequence) for kind in MEASUREMENT_KINDS}
    assert len(trees) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"revision": 2},
        {"model": replace(MODEL, version="1.0.1")},
        {"model": replace(MODEL, weights_sha256="00" * 32)},
    ],
)
def test_another_revision_or_model_has_other_uids(changed):
    first, second = positive()[SR], positive(**changed)[SR]
    assert first.sop_instance_uid != second.sop_instance_uid
    assert first.series_instance_uid != second.series_instance_uid


def test_another_answer_has_another_uid():
    ds = sources.plain()
    assert positive()[SR].sop_instance_uid != documents([ds], finding(ds, 0.86))[SR].sop_instance_uid


def test_uid_does_not_depend_on_the_time_of_writing():
    later = positive(now=NOW + timedelta(days=1))[SR]
    assert later.sop_instance_uid == positive()[SR].sop_instance_uid
    assert later.content != positive()[SR].content


def test_revision_is_the_instance_number_and_names_its_predecessor():
    before = positive()
    predecessors = {
        kind: InstanceRef(
            kind.sop_class_uid, document.sop_instance_uid, document.series_instance_uid, sources.STUDY
        )
        for kind, document in before.items()
    }
    for kind, document in positive(revision=2, predecessors=predecessors).items():
        ds = read(document)
        [study] = ds.PredecessorDocumentsSequence
        [series] = study.ReferencedSeriesSequence
        [instance] = series.ReferencedSOPSequence
        assert ds.InstanceNumber == 2
        assert study.StudyInstanceUID == sources.STUDY
        assert series.SeriesInstanceUID == before[kind].series_instance_uid
        assert instance.ReferencedSOPClassUID == kind.sop_class_uid
        assert instance.ReferencedSOPInstanceUID == before[kind].sop_instance_uid


def test_first_report_names_no_predecessor():
    assert "PredecessorDocumentsSequence" not in read(positive()[SR])


def test_evidence_covers_every_reference_of_every_document():
    first, second = sources.plain(), sources.second(sources.plain())
    second.SeriesInstanceUID = f"{sources.SERIES}.9"
    for document in documents([first, second], refusal(first), finding(second, 0.9)).values():
        ds = read(document)
        assert references(ds) <= evidence(ds) == {sources.IMAGE, sources.SECOND_IMAGE}
        assert len(ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence) == 2


def test_patient_and_study_are_inherited():
    ds = read(positive()[SR])
    source = sources.plain()
    for keyword in (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "StudyInstanceUID",
        "StudyDate",
        "AccessionNumber",
    ):
        assert ds[keyword].value == source[keyword].value


def test_type_2_attributes_are_there_when_the_source_has_none():
    ds = read(positive(sources.ge())[SR])
    for keyword in ("AccessionNumber", "ReferringPhysicianName", "StudyID", "PatientBirthDate", "PatientSex"):
        assert ds[keyword].is_empty


def test_optional_attributes_are_left_out_when_the_source_has_none():
    ds = read(positive(sources.ge())[SR])
    assert {"PatientAge", "PatientSize", "StudyDescription", "IssuerOfPatientID"}.isdisjoint(ds.dir())
    assert ds.PatientWeight == 61.5


def test_private_elements_stay_behind():
    document = positive(sources.hologic())[SR]
    assert b"PRIVATE^NAME" not in document.content


@pytest.mark.parametrize("name", sources.NAMES)
def test_name_reads_as_in_the_source(name):
    ds = read(positive(sources.named(name))[SR])
    assert ds.PatientName == sources.NAMES[name][1]


def test_our_text_is_ascii_whatever_the_metadata_say():
    model = replace(MODEL, manufacturer="M\u00fcller \\ S\u00f6hne", label_definition="\u2264 -2.5")
    ds = read(positive(model=model)[SR])
    assert ds.Manufacturer == "Muller / Sohne"
    assert all(str(item.TextValue).isascii() for item in descendants(ds) if "TextValue" in item)


def test_request_is_of_this_study_and_keeps_its_codes():
    ds = read(positive(sources.with_request())[SR])
    [request] = ds.ReferencedRequestSequence
    assert request.StudyInstanceUID == sources.STUDY
    assert request.AccessionNumber == "A2024-0042"
    assert request.RequestedProcedureID == "RP7"
    assert request.RequestedProcedureCodeSequence[0].CodeMeaning == "DXA axial"
    assert request["PlacerOrderNumberImagingServiceRequest"].is_empty


def test_no_request_means_no_referenced_request():
    assert "ReferencedRequestSequence" not in read(positive()[SR])


def test_images_of_one_order_give_one_request():
    first, second = sources.with_request(), sources.second(sources.with_request())
    ds = read(documents([first, second], finding(first, 0.9), finding(second, 0.9))[SR])
    assert len(ds.ReferencedRequestSequence) == 1


def test_equipment_is_the_scanner_and_the_model_with_its_device_uid():
    scanner, ours = read(positive()[SR]).ContributingEquipmentSequence
    assert scanner.Manufacturer == "Test Scanner"
    assert scanner.PurposeOfReferenceCodeSequence[0].CodeValue == "109101"
    assert (ours.ManufacturerModelName, ours.SoftwareVersions) == (MODEL.name, MODEL.version)
    assert ours.DeviceUID == MODEL.device_uid
    assert ours.DeviceSerialNumber == "node-01"
    assert ours.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"


def test_scanner_in_another_character_set_is_left_out():
    first, second = sources.plain(), sources.second(sources.plain())
    second.SpecificCharacterSet, second.Manufacturer = "ISO_IR 192", "Other"
    ds = read(documents([first, second], finding(first, 0.9), finding(second, 0.9))[SR])
    assert [item.Manufacturer for item in ds.ContributingEquipmentSequence] == ["Test Scanner", MODEL.manufacturer]


def test_time_is_written_in_the_zone_of_the_source():
    source = sources.plain()
    source.TimezoneOffsetFromUTC = "+0900"
    ds = read(positive(source, now=datetime(2026, 11, 23, 20, 0, tzinfo=UTC))[SR])
    assert (ds.TimezoneOffsetFromUTC, ds.ContentDate, ds.ContentTime) == ("+0900", "20261124", "050000.000000")


def test_time_is_written_as_given_where_the_source_has_no_zone():
    local = datetime(2026, 11, 23, 20, 0, tzinfo=timezone(timedelta(hours=1)))
    ds = read(positive(now=local)[SR])
    assert "TimezoneOffsetFromUTC" not in ds
    assert (ds.ContentDate, ds.ContentTime) == ("20261123", "200000.000000")


def test_positive_study_outweighs_its_refused_images():
    first, second = sources.plain(), sources.second(sources.plain())
    ds = read(documents([first, second], refusal(first), finding(second, 0.9))[SR])
    assert ds.SeriesDescription == "AI POSITIVE osteoporosis DXA (unverified)"


def test_nothing_to_report_is_an_error():
    arguments = {"kinds": [SR], "revision": 1, "input_digest": INPUT_DIGEST, "predecessors": {}}
    with pytest.raises(ValueError, match="at least one reading"):
        build_documents(
            StudyResult(sources.STUDY, MODEL), [sources.plain()], **arguments, station_name="node-01", now=NOW
        )
