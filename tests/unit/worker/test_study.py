"""What of a study comes before the model: real files, the real decoding process, the shipped rules."""

import io
from copy import deepcopy
from dataclasses import replace

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import BasicTextSRStorage

from osteo_pacs import shipped
from osteo_pacs.config import load
from osteo_pacs.db.instances import InstanceRow
from osteo_pacs.decode import Decoder
from osteo_pacs.findings import RefusalReason
from osteo_pacs.phantom import demo_study
from osteo_pacs.report import DocumentKind
from osteo_pacs.worker.study import Image, InstancesRemoved, PassedOver, PatientChanged, Refused, StudyOpener
from sr_gate.results import documents, explanation, finding

UID = "1.2.3"


class Folder:
    """A spool that is a plain folder."""

    def __init__(self, folder):
        self.folder = folder

    def path_of(self, path):
        return self.folder / path


@pytest.fixture(scope="module")
def decoder():
    with Decoder(shipped.BUNDLE) as running:
        yield running


@pytest.fixture
def opener(tmp_path, decoder):
    rules = load(shipped.CONFIG, {}).selection.rules
    return StudyOpener(Folder(tmp_path), decoder, rules=rules, pixel_limit=10_000_000, min_age_years=50)


@pytest.fixture(scope="module")
def phantom():
    return demo_study(5)


def row(number, ds):
    return InstanceRow(number, ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, f"{number}.dcm")


@pytest.fixture
def opened(tmp_path, opener):
    def open_all(*datasets):
        rows = []
        for number, ds in enumerate(datasets, start=1):
            ds.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
            rows.append(row(number, ds))
        return opener.open(UID, rows)

    return open_all


def test_of_a_scanners_study_the_ap_spine_alone_is_an_image(opened, phantom):
    study = opened(*phantom.datasets)
    assert [type(one) for one in study.judged] == [Image] + [PassedOver] * 7
    (image,) = study.images
    assert (image.grey.rows, image.grey.columns) == (phantom.datasets[0].Rows, phantom.datasets[0].Columns)
    assert [decision.is_selected for decision in study.decisions] == [True] + [False] * 7


def changed(ds, **attributes):
    copy = deepcopy(ds)
    for keyword, value in attributes.items():
        setattr(copy, keyword, value)
    return copy


def test_the_same_pixels_under_a_new_uid_are_read_once(opened, phantom):
    spine = phantom.datasets[0]
    again = changed(spine, SOPInstanceUID=f"{UID}.7")
    first, second = opened(spine, again).judged
    assert isinstance(first, Image)
    assert isinstance(second, PassedOver)
    assert "same pixels" in second.reason


def test_a_patient_under_the_age_floor_is_refused_undecoded(opened, phantom):
    (one,) = opened(changed(phantom.datasets[0], PatientAge="049Y", PixelData=b"\0\0")).judged
    assert isinstance(one, Refused)
    assert one.refusal.reason is RefusalReason.UNDER_AGE
    assert "younger than 50" in one.refusal.sentence


def test_an_unknown_age_is_told_with_the_image(opened, phantom):
    (image,) = opened(changed(phantom.datasets[0], PatientAge="", PatientBirthDate="")).images
    assert image.age_is_unknown


def test_truncated_pixels_are_refused_with_a_sentence(opened, phantom):
    (one,) = opened(changed(phantom.datasets[0], PixelData=b"\0\0")).judged
    assert isinstance(one, Refused)
    assert one.refusal.reason is RefusalReason.UNREADABLE_PIXELS
    assert one.refusal.sentence.startswith("The image could not be read")


def test_two_patients_in_one_study_are_not_read(opened, phantom):
    with pytest.raises(PatientChanged):
        opened(phantom.datasets[0], changed(phantom.datasets[1], PatientID="ANOTHER"))


def test_an_object_that_is_no_dicom_file_is_passed_over_with_its_reason(tmp_path, opener, phantom):
    (tmp_path / "1.dcm").write_bytes(b"no DICOM")
    (one,) = opener.open(UID, [row(1, phantom.datasets[0])]).judged
    assert isinstance(one, PassedOver)
    assert "header cannot be read" in one.reason


def test_an_encapsulated_document_is_not_even_opened(opener):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID = (
        "1.2.840.10008.5.1.4.1.1.104.1",
        f"{UID}.1",
        f"{UID}.2",
    )
    (one,) = opener.open(UID, [row(1, ds)]).judged
    assert one == PassedOver(row(1, ds), "the object is no image")


def our_picture(ds):
    """The picture of an image, as a PACS may send it back."""
    read = finding(ds, 0.9)
    [picture] = documents([ds], read, kinds=[DocumentKind.PICTURE], explains=explanation(read)).values()
    return dcmread(io.BytesIO(picture.content))


def test_our_own_picture_that_comes_back_is_not_read_and_makes_no_other_study(opened, phantom):
    """Else each report's picture would lead to another report, with another picture."""
    spine = phantom.datasets[0]
    before = opened(spine).input_digest
    study = opened(spine, our_picture(spine))
    _, picture = study.judged
    assert isinstance(picture, PassedOver)
    assert picture.reason == "the image was made by image processing software"
    assert study.input_digest == before


def test_every_image_of_a_scanner_makes_another_input(opened, phantom):
    spine, femur = phantom.datasets[:2]
    assert opened(spine, femur).input_digest != opened(spine).input_digest


def test_a_study_that_has_given_images_up_is_not_read_without_them(opener, tmp_path, phantom):
    spine, late = phantom.datasets[:2]
    late.save_as(tmp_path / "2.dcm", enforce_file_format=True)
    with pytest.raises(InstancesRemoved, match="1 of 2 instances") as caught:
        opener.open(UID, [replace(row(1, spine), is_removed=True), row(2, late)])
    assert "Send the whole study again" in caught.value.remedy


def test_an_object_without_pixels_that_was_given_up_is_not_missed(opener, tmp_path, phantom):
    spine = phantom.datasets[0]
    spine.save_as(tmp_path / "1.dcm", enforce_file_format=True)
    report = replace(row(2, spine), sop_class_uid=BasicTextSRStorage, is_removed=True)
    study = opener.open(UID, [row(1, spine), report])
    assert [type(one) for one in study.judged] == [Image, PassedOver]
