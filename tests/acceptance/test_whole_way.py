"""A study in by C-STORE from DCMTK, its Structured Report in Orthanc, on both databases."""

import hashlib

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import BasicTextSRStorage, Comprehensive3DSRStorage, SecondaryCaptureImageStorage

from osteo_pacs.dicom.status import Status
from peers.dcmtk import dcmsend, storescu
from peers.polling import until
from services import Service, destination

CALLED = "OSTEO_PACS"


@pytest.fixture(scope="module")
def running(tmp_path_factory, shared_database_url, shared_pacs):
    to_pacs = destination("pacs", shared_pacs.port, shared_pacs.ae_title)
    folder = tmp_path_factory.mktemp("service")
    with Service(folder, database_url=shared_database_url, destinations=[to_pacs]) as service:
        yield service


@pytest.fixture
def service(running):
    running.forget_events()
    return running


@pytest.fixture
def pacs(shared_pacs):
    return shared_pacs


def reports_of(pacs, study, count=1):
    """The SRs and the twins of the study, once each of them is there ``count`` times."""

    def both():
        found = [
            pacs.instances(study.study_instance_uid, sop_class_uid=uid)
            for uid in (Comprehensive3DSRStorage, BasicTextSRStorage)
        ]
        return found if all(len(kind) == count for kind in found) else None

    return until(both, timeout_s=60, every_s=0.2, what=f"{count} reports at the PACS")


def measurement_groups(sr):
    imaging = next(item for item in sr.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010")
    return [item for item in imaging.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "125007"]


def pictures_of(sr):
    """The SOP Instance UIDs of the pictures that the report refers to."""
    return [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for group in measurement_groups(sr)
        for item in group.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeValue == "130401"
    ]


@pytest.mark.parametrize("send", [storescu, dcmsend])
def test_a_spine_study_comes_back_as_one_report_its_picture_and_its_twin(service, pacs, study, files, send):
    assert send(service.port, *files, called=CALLED).is_success

    (sr,), (twin,) = reports_of(pacs, study)
    assert len(measurement_groups(sr)) == 1
    [picture] = pacs.instances(study.study_instance_uid, sop_class_uid=SecondaryCaptureImageStorage)
    assert pictures_of(sr) == [picture.SOPInstanceUID]
    assert {each.StudyInstanceUID for each in (sr, twin, picture)} == {study.study_instance_uid}

    until(lambda: service.ask("study", "show", study.study_instance_uid)["state"] == "delivered", every_s=0.2)
    shown = service.ask("study", "show", study.study_instance_uid)
    assert [instance["selected"] for instance in shown["instances"]] == [True] + [False] * 7
    assert all(instance["reason"] for instance in shown["instances"])
    (report,) = shown["reports"]
    assert report["sop_instance_uid"] == sr.SOPInstanceUID
    assert report["outcome"] in {"positive", "negative"}
    assert (report["revision"], report["supersedes"]) == (1, None)
    (delivery,) = shown["deliveries"]
    assert delivery["destination"] == "pacs"
    assert (delivery["state"], delivery["attempts"], delivery["last_error"]) == ("completed", 1, None)
    assert len(pacs.instances(study.study_instance_uid)) == 3


def test_a_late_instance_makes_a_new_report_that_names_its_predecessor(service, pacs, study, files):
    storescu(service.port, *files[1:], called=CALLED)
    until(lambda: [*service.events("study_not_read")], timeout_s=60)
    storescu(service.port, files[0], called=CALLED)
    (first,), _ = reports_of(pacs, study)

    late = dcmread(files[0])
    late.SOPInstanceUID = late.file_meta.MediaStorageSOPInstanceUID = f"{late.SOPInstanceUID[:50]}.1"
    late.PixelData = late.PixelData[::-1]
    path = files[0].with_name("late.dcm")
    dcmwrite(path, late)
    storescu(service.port, path, called=CALLED)

    srs, twins = reports_of(pacs, study, count=2)
    (second,) = [sr for sr in srs if sr.SOPInstanceUID != first.SOPInstanceUID]
    assert predecessor_of(second) == first.SOPInstanceUID
    assert sorted(len(twin.get("PredecessorDocumentsSequence", [])) for twin in twins) == [0, 1]
    revisions = service.ask("study", "show", study.study_instance_uid)["reports"]
    assert [report["revision"] for report in revisions] == [1, 2]
    assert revisions[1]["supersedes"] == first.SOPInstanceUID


def predecessor_of(sr):
    (study,) = sr.PredecessorDocumentsSequence
    return study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID


def test_a_resent_study_gives_no_second_report(service, pacs, study, files):
    storescu(service.port, *files, called=CALLED)
    reports_of(pacs, study)
    storescu(service.port, *files, called=CALLED)
    # Another study behind it: when that is answered, the resent one would have been.
    other = [path for path in another_study(files) if "ap" in path.name]
    storescu(service.port, *other, called=CALLED)
    until(lambda: len([*service.events("report_delivered")]) == 2, timeout_s=60, every_s=0.1)
    reports_of(pacs, study)
    assert len(service.ask("study", "show", study.study_instance_uid)["reports"]) == 1


def test_what_the_pacs_sends_back_of_ours_gives_no_second_report(service, pacs, study, files, tmp_path):
    storescu(service.port, *files, called=CALLED)
    reports_of(pacs, study)
    until(lambda: [*service.events("report_delivered")], timeout_s=60, every_s=0.1)
    ours = pacs.instances(study.study_instance_uid)
    returned = [tmp_path / f"returned-{number}.dcm" for number in range(len(ours))]
    for path, ds in zip(returned, ours, strict=True):
        dcmwrite(path, ds)

    storescu(service.port, *returned, called=CALLED)

    until(lambda: [*service.events("study_not_read")], timeout_s=60, every_s=0.1)
    shown = service.ask("study", "show", study.study_instance_uid)
    assert len(shown["reports"]) == 1
    assert len(shown["instances"]) == len(files) + 3
    assert all(instance["reason"] for instance in shown["instances"])
    assert len(pacs.instances(study.study_instance_uid)) == 3


def another_study(files):
    for path in files:
        ds = dcmread(path)
        ds.StudyInstanceUID = f"{ds.StudyInstanceUID[:50]}.9"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID[:50]}.9"
        other = path.with_name(f"other-{path.name}")
        dcmwrite(other, ds)
        yield other


def test_other_bytes_under_a_known_uid_are_refused_and_the_first_stay(service, files):
    storescu(service.port, files[0], called=CALLED)
    changed = dcmread(files[0])
    changed.PixelData = changed.PixelData[::-1]
    path = files[0].with_name("changed.dcm")
    dcmwrite(path, changed)

    again = storescu(service.port, path, called=CALLED, is_success=False)

    assert again.statuses == (Status.DUPLICATE_SOP_INSTANCE,)
    assert spooled_pixels(service, changed.SOPInstanceUID) == [pixels_of(dcmread(files[0]))]


def spooled_pixels(service, sop_instance_uid):
    spool = service.folder / "var" / "spool"
    kept = [dcmread(path) for path in spool.rglob("*.dcm") if "quarantine" not in path.parts]
    return [pixels_of(ds) for ds in kept if sop_instance_uid == ds.SOPInstanceUID]


def pixels_of(ds):
    return hashlib.sha256(ds.PixelData).hexdigest()
