from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from PIL import Image

from osteo_pacs.dicom import codes
from osteo_pacs.findings import InstanceRef, StudyResult
from osteo_pacs.images import HeatMap
from osteo_pacs.report import DocumentKind, Explanation
from osteo_pacs.report import picture_words as words
from sr_gate import sources
from sr_gate.results import (
    ILLUSTRATED,
    MODEL,
    PLAIN,
    SR,
    clinical,
    documents,
    explanation,
    finding,
    instance,
    refusal,
)
from sr_gate.tree import children, descendants, evidence, is_named, named, references

PICTURE = DocumentKind.PICTURE
WITH_PICTURE = DocumentKind.COMPREHENSIVE_3D_SR_WITH_PICTURE


def read(document):
    return pydicom.dcmread(io.BytesIO(document.content))


def illustrated(ds=None, probability=0.87, **arguments):
    ds = ds or sources.plain()
    read_image = finding(ds, probability)
    return documents([ds], read_image, kinds=ILLUSTRATED, explains=explanation(read_image), **arguments)


def picture(ds=None, **arguments):
    return read(illustrated(ds, **arguments)[PICTURE])


def test_same_arguments_give_the_same_bytes():
    assert illustrated() == illustrated()


def test_another_heat_is_another_picture_and_another_report_refers_to_it():
    ds = sources.plain()
    read_image = finding(ds, 0.87)
    first = explanation(read_image)
    second = Explanation(read_image, first.image, HeatMap(1 - first.found.heat, first.found.seen))
    one, other = (documents([ds], read_image, kinds=ILLUSTRATED, explains=each) for each in (first, second))
    assert one[PICTURE].sop_instance_uid != other[PICTURE].sop_instance_uid
    assert one[WITH_PICTURE].sop_instance_uid != other[WITH_PICTURE].sop_instance_uid


def test_picture_is_in_the_study_in_a_series_of_its_own():
    ds, source = picture(), sources.plain()
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "AccessionNumber", "StudyDate", "StudyID"):
        assert ds[keyword].value == source[keyword].value
    assert ds.SeriesInstanceUID != source.SeriesInstanceUID
    assert (ds.SeriesNumber, ds.InstanceNumber) == (9702, 1)
    assert ds.SeriesDescription == "AI POSITIVE osteoporosis DXA, picture (unverified)"


@pytest.mark.parametrize(("modality", "shown"), [("CR", "CR"), ("BMD", "BMD"), ("", "OT"), ("CR\\DX", "OT")])
def test_modality_is_that_of_the_source(modality, shown):
    source = sources.plain()
    source.Modality = modality
    assert picture(source).Modality == shown


@pytest.mark.parametrize(("said", "kept"), [("YES", "YES"), ("NO", "NO"), (None, None), ("MAYBE", None)])
def test_burned_in_annotation_is_known_as_well_as_that_of_the_source(said, kept):
    source = sources.plain()
    if said:
        source.BurnedInAnnotation = said
    assert picture(source).get("BurnedInAnnotation") == kept


@pytest.mark.parametrize(("said", "kept"), [("01", "01"), ("00", None), (None, None)])
def test_what_was_compressed_with_loss_stays_so(said, kept):
    source = sources.plain()
    if said:
        source.LossyImageCompression = said
    assert picture(source).get("LossyImageCompression") == kept


def test_picture_names_its_source_and_its_method():
    ds = picture()
    [source] = ds.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == sources.IMAGE
    assert "ReferencedFrameNumber" not in source
    assert ds.DerivationCodeSequence[0].CodeValue == codes.GRAD_CAM.value
    assert "PredecessorDocumentsSequence" not in ds
    assert "CurrentRequestedProcedureEvidenceSequence" not in ds
    assert "CompletionFlag" not in ds


def test_of_a_multi_frame_image_the_first_frame_is_named():
    assert picture(sources.multi_frame()).SourceImageSequence[0].ReferencedFrameNumber == 1


def test_pixels_are_uncompressed_rgb_of_a_sensible_size():
    ds = picture()
    assert ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert ds.PhotometricInterpretation == "RGB"
    assert ds.pixel_array.shape == (ds.Rows, ds.Columns, 3)
    assert len(ds.PixelData) < 3_000_000


def test_the_report_refers_to_the_picture_on_the_image_that_it_explains():
    first, second = sources.plain(), sources.second(sources.plain())
    read_image = finding(second, 0.87)
    built = documents(
        [first, second], refusal(first), read_image, kinds=ILLUSTRATED, explains=explanation(read_image)
    )
    drawn = read(built[PICTURE])
    assert drawn.SourceImageSequence[0].ReferencedSOPInstanceUID == sources.SECOND_IMAGE
    for kind in ILLUSTRATED:
        if kind.refers_to_picture:
            ds = read(built[kind])
            groups = [item for item in descendants(ds) if is_named(item, codes.MEASUREMENT_GROUP)]
            shown = [named(children(group), codes.VISUAL_EXPLANATION) for group in groups]
            assert [len(items) for items in shown] == [0, 1]
            [reference] = shown[1][0].ReferencedSOPSequence
            assert reference.ReferencedSOPClassUID == drawn.SOPClassUID
            assert reference.ReferencedSOPInstanceUID == drawn.SOPInstanceUID
            assert references(ds) <= evidence(ds)


def test_the_evidence_names_the_picture_under_its_own_series():
    built = illustrated()
    [study] = read(built[WITH_PICTURE]).CurrentRequestedProcedureEvidenceSequence
    series = {
        one.SeriesInstanceUID: [image.ReferencedSOPInstanceUID for image in one.ReferencedSOPSequence]
        for one in study.ReferencedSeriesSequence
    }
    assert series == {
        sources.SERIES: [sources.IMAGE],
        built[PICTURE].series_instance_uid: [built[PICTURE].sop_instance_uid],
    }


def test_what_goes_where_no_picture_goes_does_not_name_it():
    ds = sources.plain()
    read_image = finding(ds, 0.87)
    built = documents([ds], read_image, kinds=tuple(DocumentKind), explains=explanation(read_image))
    plain = documents([ds], read_image)
    for kind in PLAIN:
        assert built[kind] == plain[kind]
        assert built[PICTURE].sop_instance_uid.encode() not in built[kind].content
    assert list(built) == [PICTURE, *(kind for kind in DocumentKind if kind is not PICTURE)]


def test_a_report_alone_may_refer_to_the_picture():
    ds = sources.plain()
    read_image = finding(ds, 0.87)
    built = documents([ds], read_image, kinds=[WITH_PICTURE], explains=explanation(read_image))
    assert list(built) == [WITH_PICTURE]
    assert built[WITH_PICTURE] == illustrated()[WITH_PICTURE]


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind.needs_picture])
def test_there_is_no_picture_without_an_explanation(kind):
    ds = sources.plain()
    with pytest.raises(ValueError, match="explanation"):
        documents([ds], finding(ds, 0.87), kinds=[kind])


@pytest.mark.parametrize(
    ("before", "after"), [(SR, WITH_PICTURE), (WITH_PICTURE, SR), (WITH_PICTURE, WITH_PICTURE)]
)
def test_a_report_supersedes_its_like_with_or_without_a_picture(before, after):
    ds = sources.plain()
    read_image = finding(ds, 0.87)
    predecessors = {before: InstanceRef(before.sop_class_uid, "1.2.9.1", "1.2.9", sources.STUDY)}
    built = documents(
        [ds],
        read_image,
        kinds=[after, PICTURE],
        explains=explanation(read_image),
        revision=2,
        predecessors=predecessors,
    )
    [study] = read(built[after]).PredecessorDocumentsSequence
    [series] = study.ReferencedSeriesSequence
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.9.1"
    assert read(built[PICTURE]).InstanceNumber == 2


def test_a_kind_and_its_like_stand_under_one_sop_class_and_series_number():
    for kind in PLAIN:
        assert kind.with_picture.without_picture is kind
        assert kind.with_picture.sop_class_uid == kind.sop_class_uid
        assert kind.with_picture.series_number == kind.series_number
        assert kind.with_picture.refers_to_picture == (kind is not DocumentKind.TEXT_SR)


# -- words


def lines(*, probability=0.87, model=MODEL, age_is_unknown=False):
    ds = sources.plain()
    return [line.text for line in words.lines(finding(ds, probability, age_is_unknown=age_is_unknown), model)]


def captions(probability, *others):
    ds = sources.plain()
    read_image = finding(ds, probability)
    result = StudyResult(sources.STUDY, MODEL, (*others, read_image))
    blank = Image.new("RGB", (1, 1))
    return [panel.caption for panel in words.panels(read_image, result, (blank, blank))]


def test_the_verdict_leads_and_says_with_which_probability():
    assert lines()[:2] == ["AI: appearance consistent with OSTEOPOROSIS", "Probability 87.0 % (threshold 42 %)"]
    assert lines(probability=0.08)[:2] == [
        "AI: NO osteoporosis detected",
        "Probability of osteoporosis 8.0 % (threshold 42 %)",
    ]


def test_every_picture_says_that_it_is_unverified_what_the_colours_mean_and_who_read():
    said = " ".join(lines())
    assert "not verified by a physician" in said
    assert "Not a diagnosis" in said
    assert f"{MODEL.name} {MODEL.version}" in said


def test_a_demonstration_model_says_so_and_a_sites_own_does_not():
    assert any("DEMONSTRATION MODEL" in line for line in lines())
    assert not any("DEMONSTRATION" in line for line in lines(model=clinical()))


def test_an_unknown_age_is_said():
    assert any("age unknown" in line for line in lines(age_is_unknown=True))
    assert not any("age unknown" in line for line in lines())


def test_our_words_are_ascii_whatever_the_metadata_say():
    assert all(line.isascii() for line in lines(model=replace(MODEL, manufacturer="M\u00fcller")))


def test_the_overlay_says_whether_it_speaks_for_or_against():
    assert captions(0.87) == ["Source image", "What spoke for osteoporosis"]
    assert captions(0.08) == ["Source image", "What spoke against osteoporosis"]


def test_of_several_images_the_picture_says_which_it_shows():
    other = refusal(sources.second(sources.plain()))
    assert captions(0.87, other)[0] == "Source image 2 of 2"


def test_another_image_of_the_study_may_be_the_one_to_inherit_from():
    first, second = sources.plain(), sources.second(sources.plain())
    first.Modality, second.Modality = "CR", "BMD"
    read_image = finding(second, 0.87)
    shown = explanation(read_image)
    built = documents([first, second], refusal(first), read_image, kinds=[PICTURE], explains=shown)
    assert read(built[PICTURE]).Modality == "BMD"
    assert instance(second) == read_image.instance
    assert np.asarray(read(built[PICTURE]).pixel_array).any()
