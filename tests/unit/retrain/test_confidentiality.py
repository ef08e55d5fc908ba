"""What leaves of a header, and the secret that names patients."""

from __future__ import annotations

from datetime import date as date_of
from datetime import timedelta

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from osteo_pacs.retrain.data_set.confidentiality import PROFILE, without_identity
from osteo_pacs.retrain.data_set.site_secret import SecretUnusable, SiteSecret
from sr_gate.sources import hologic, plain, with_request

KEY = "ab" * 32
SECRET = SiteSecret(b"0" * 32)


@pytest.mark.parametrize("header", [plain(), with_request(), hologic()], ids=["plain", "request", "private"])
@pytest.mark.parametrize("dates", ["remove", "shift"])
def test_what_the_table_does_not_name_goes(header, dates):
    clean = without_identity(header, SECRET, KEY, dates=dates)
    ours = {
        "SpecificCharacterSet", "PatientIdentityRemoved", "DeidentificationMethod", "BurnedInAnnotation",
        "DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified",
    }  # fmt: skip
    assert {element.keyword for element in clean} <= {*PROFILE, *ours}
    said = clean.to_json()
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "AccessionNumber"):
        assert not header.get(keyword) or str(header[keyword].value) not in said, keyword
    assert "PRIVATE" not in said


def test_uids_keep_their_relations_and_patients_their_characteristics():
    one, other = plain(), plain()
    other.SOPInstanceUID = "1.2.3.4"
    first, second = (without_identity(ds, SECRET, KEY, dates="remove") for ds in (one, other))
    assert first.StudyInstanceUID == second.StudyInstanceUID != one.StudyInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert (first.PatientSex, first.PatientAge) == (one.PatientSex, one.PatientAge)
    assert SiteSecret(b"1" * 32).uid(one.StudyInstanceUID) != first.StudyInstanceUID


@pytest.mark.parametrize(("age", "kept"), [("089Y", "089Y"), ("090Y", "090Y"), ("097Y", "090Y"), ("018M", "018M")])
def test_the_oldest_share_an_age(age, kept):
    ds = plain()
    ds.PatientAge = age
    assert without_identity(ds, SECRET, KEY, dates="remove").PatientAge == kept


def test_a_patient_s_dates_keep_their_distance():
    def moved(date, patient=KEY):
        ds = plain()
        ds.StudyDate = date
        text = without_identity(ds, SECRET, patient, dates="shift").StudyDate
        return date_of(int(text[:4]), int(text[4:6]), int(text[6:]))

    assert moved("20240131") - moved("20240101") == timedelta(days=30)
    assert moved("20240101") < date_of(2024, 1, 1)
    assert moved("20240101") != moved("20240101", "cd" * 32)


def test_the_table_names_attributes_of_the_standard():
    assert all(dictionary_VR(tag_for_keyword(keyword)) for keyword in PROFILE)


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "key"
    assert SiteSecret.open(path).name("patient", "1") == SiteSecret.open(path).name("patient", "1")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize(("content", "mode"), [("ab" * 32, 0o644), ("ab", 0o600), ("no key", 0o600)])
def test_a_secret_that_others_read_or_that_is_none_is_refused(tmp_path, content, mode):
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(SecretUnusable):
        SiteSecret.open(path)
    assert path.read_text() == content
