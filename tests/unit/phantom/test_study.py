"""Simulated studies as DICOM."""

import hashlib
from collections import Counter
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom import uid

from osteo_pacs.phantom import PhantomKind, ScannerStyle, demo_study, make_study, write_study

EVERY_KIND = tuple(PhantomKind)


@pytest.fixture(scope="module")
def demo():
    return demo_study(7)


def test_the_demonstration_study_holds_one_ap_spine_among_eight(demo):
    kinds = Counter(truth.kind for truth in demo.truth)

    assert len(demo.datasets) == 8
    assert kinds[PhantomKind.AP_SPINE] == 1
    assert kinds[PhantomKind.TOTAL_BODY] == 2
    assert Counter(ds.ProtocolName for ds in demo.datasets) == {
        "AP Spine": 1,
        "Left Femur": 1,
        "Right Femur": 1,
        "LVA": 1,
        "Left Ortho Knee": 1,
        "Right Ortho Knee": 1,
        "Total Body": 2,
    }


@pytest.mark.parametrize("scanner", ScannerStyle)
def test_one_seed_is_one_study_byte_for_byte(tmp_path, scanner):
    first, again = (
        write_study(make_study(3, kinds=EVERY_KIND, scanner=scanner), tmp_path / name)
        for name in ("first", "again")
    )

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert [path.name for path in first] == [path.name for path in again]


def test_other_seeds_are_other_patients_with_other_uids(demo):
    other = demo_study(8)

    uids = {ds.SOPInstanceUID for study in (demo, other) for ds in study.datasets}
    assert len(uids) == 16
    assert other.datasets[0].PatientID != demo.datasets[0].PatientID
    assert other.study_instance_uid != demo.study_instance_uid


def test_instances_share_patient_and_study_and_have_their_own_series(demo):
    assert {ds.StudyInstanceUID for ds in demo.datasets} == {demo.study_instance_uid}
    assert len({ds.PatientID for ds in demo.datasets}) == 1
    assert len({ds.SeriesInstanceUID for ds in demo.datasets}) == 8
    assert all(ds.PatientName.family_name == "PHANTOM" for ds in demo.datasets)


def test_ge_sends_cr_images_whose_region_stands_in_the_protocol_name_only(demo):
    ds = demo.datasets[0]

    assert ds.SOPClassUID == uid.ComputedRadiographyImageStorage
    assert ds.file_meta.TransferSyntaxUID == uid.ImplicitVRLittleEndian
    assert (ds.Rows, ds.Columns, ds.BitsAllocated, ds.PhotometricInterpretation) == (780, 716, 8, "MONOCHROME2")
    assert [ds[name].value for name in ("BodyPartExamined", "ViewPosition", "Laterality")] == ["", "", ""]
    assert not {"ImageType", "BurnedInAnnotation", "PixelSpacing", "SeriesDescription"} & set(ds.dir())
    assert list(ds.ExposedArea) == [18, 20]


def test_hologic_sends_secondary_captures_named_by_their_descriptions():
    study = make_study(2, kinds=(PhantomKind.AP_SPINE, PhantomKind.FEMUR_LEFT), scanner=ScannerStyle.HOLOGIC)
    spine, hip = study.datasets

    assert spine.SOPClassUID == uid.SecondaryCaptureImageStorage
    assert spine.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert (spine.SeriesDescription, hip.SeriesDescription) == ("Lumbar Spine", "Left Hip")
    assert (hip.BodyPartExamined, hip.Laterality) == ("HIP", "L")
    assert "Laterality" not in spine
    assert "ProtocolName" not in spine


@pytest.mark.parametrize(("scanner", "group"), [(ScannerStyle.GE_IDXA, 0x7003), (ScannerStyle.HOLOGIC, 0x0011)])
def test_both_makes_keep_patient_identity_in_private_elements(scanner, group):
    ds = make_study(5, scanner=scanner).datasets[0]

    assert str(ds.PatientName) in ds[group, 0x1001].value


def test_the_pixels_are_those_of_the_picture(tmp_path, demo):
    path = write_study(demo, tmp_path)[0]

    pixels = pydicom.dcmread(path).pixel_array

    region = demo.truth[0].regions[1]
    assert pixels.shape == (780, 716)
    assert pixels[region.top : region.bottom, region.left : region.right].mean() > pixels[:, :358].mean()


def test_an_odd_number_of_pixels_is_padded(tmp_path):
    for seed in range(40):
        study = make_study(seed, scanner=ScannerStyle.GE_PRODIGY)
        ds = study.datasets[0]
        if ds.Rows % 2 and ds.Columns % 2:
            break
    else:
        pytest.fail("no picture of odd size in forty")

    path = write_study(study, tmp_path)[0]

    assert len(pydicom.dcmread(path).PixelData) == ds.Rows * ds.Columns + 1
    assert pydicom.dcmread(path).pixel_array.shape == (ds.Rows, ds.Columns)


def test_a_report_page_is_in_colour(tmp_path):
    study = make_study(1, kinds=(PhantomKind.REPORT_PAGE,), scanner=ScannerStyle.HOLOGIC)

    ds = pydicom.dcmread(write_study(study, tmp_path)[0])

    assert (ds.PhotometricInterpretation, ds.SamplesPerPixel) == ("RGB", 3)
    assert ds.pixel_array.shape == (1056, 816, 3)


def test_copies_repeat_the_pixels_under_new_uids():
    study = make_study(6, copies=3)

    assert len({ds.SOPInstanceUID for ds in study.datasets}) == 3
    assert len({hashlib.sha256(ds.PixelData).digest() for ds in study.datasets}) == 1
    assert len(study.truth) == 3


def test_more_kinds_make_late_instances_of_the_same_study():
    early = make_study(6, kinds=(PhantomKind.AP_SPINE,))
    late = make_study(6, kinds=(PhantomKind.AP_SPINE, PhantomKind.AP_SPINE))

    assert late.study_instance_uid == early.study_instance_uid
    assert late.datasets[0] == early.datasets[0]
    assert late.datasets[1].SOPInstanceUID != early.datasets[0].SOPInstanceUID
    assert not np.array_equal(late.datasets[1].pixel_array, early.datasets[0].pixel_array)


def test_the_birth_date_agrees_with_the_age():
    for seed in (0, 100, 200, 359):
        ds = make_study(seed, scanner=ScannerStyle.GE_PRODIGY).datasets[0]
        years = int(ds.StudyDate[:4]) - int(ds.PatientBirthDate[:4])
        had_birthday = ds.StudyDate[4:] >= ds.PatientBirthDate[4:]

        assert f"{years - (not had_birthday):03d}Y" == ds.PatientAge


def test_a_given_patient_is_the_one_in_the_study():
    patient = replace(make_study(1).patient, age_years=41)

    study = make_study(1, patient=patient)

    assert study.datasets[0].PatientAge == "041Y"
    assert study.truth[0].patient == patient


def test_a_patient_of_another_scanner_is_rejected():
    with pytest.raises(ValueError, match="ge-idxa, not hologic"):
        make_study(1, scanner=ScannerStyle.HOLOGIC, patient=make_study(1).patient)
