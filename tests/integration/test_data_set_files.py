"""A data set as the command builds it: what is in its files, and that they are read as the originals are."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw

from databases import opened, url_at_head
from learning import hospital_at
from osteo_pacs import shipped
from osteo_pacs.decode import Decoder
from osteo_pacs.infer.analysed import analyse
from osteo_pacs.infer.bundle import load_preparation
from osteo_pacs.retrain.data_set.folder import DataSetDamaged, FolderNotEmpty, copy_data_set
from peers.programs import program

PATIENTS = 10
IDENTITY = (
    "PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID", "SOPInstanceUID",
    "SeriesInstanceUID", "InstitutionName", "StudyDate",
)  # fmt: skip
TEXT = "DOE^JANE 1950-01-01"


def with_text(ds):
    """The same picture with a name written across it."""
    picture = Image.fromarray(ds.pixel_array)
    ImageDraw.Draw(picture).text((40, 60), TEXT, fill=255, font_size=24)
    ds.PixelData = picture.tobytes()
    return ds


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    with opened(url_at_head("sqlite", folder)) as database:
        found = hospital_at(database, folder)
        found.patients(PATIENTS)
        found.label(found.receive(with_text(found.spine(99))), True)
        yield found


@pytest.fixture(scope="module")
def built(hospital):
    return hospital.build_really(dates="shift")


@pytest.fixture(scope="module")
def sources(hospital):
    return {hospital.secret.uid(ds.SOPInstanceUID): ds for ds in map(hospital.spine, range(PATIENTS))}


@pytest.fixture(scope="module")
def files(built):
    found = sorted(built.folder.rglob("*.dcm"))
    assert len(found) == PATIENTS
    return found


def test_the_model_is_shown_the_same_of_each_file_as_of_its_original(files, sources, tmp_path):
    prepare = load_preparation(shipped.BUNDLE)
    with Decoder(shipped.BUNDLE) as decoder:
        for path in files:
            original = sources[pydicom.dcmread(path).SOPInstanceUID]
            original.save_as(tmp_path / "original.dcm", enforce_file_format=True)
            one, other = (
                analyse(prepare, decoder.decode(file).image) for file in (path, tmp_path / "original.dcm")
            )
            np.testing.assert_array_equal(one.network_input, other.network_input)
            assert one.network_input.std() > 0.05


def test_nothing_of_the_patient_is_in_a_data_set(built, sources):
    content = b"".join(path.read_bytes() for path in built.folder.rglob("*") if path.is_file())
    for ds in sources.values():
        for keyword in IDENTITY:
            assert str(ds[keyword].value).encode() not in content, keyword


def test_each_file_says_how_it_was_made_and_keeps_what_training_needs(files, sources):
    for path in files:
        ds = pydicom.dcmread(path)
        original = sources[ds.SOPInstanceUID]
        assert not any(element.tag.is_private for element in ds)
        codes = [code.CodeValue for code in ds.DeidentificationMethodCodeSequence]
        assert codes == ["113100", "113101", "113107", "113108"]
        assert (ds.PatientIdentityRemoved, ds.BurnedInAnnotation) == ("YES", "NO")
        assert (ds.PatientSex, ds.PatientAge) == (original.PatientSex, original.PatientAge)
        assert ds.ManufacturerModelName == original.ManufacturerModelName
        assert ds.StudyDate < original.StudyDate


def test_dciodvfy_finds_no_error_in_any_file(files):
    for path in files:
        done = subprocess.run([program("dciodvfy"), path], capture_output=True, text=True, check=False)
        assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []


def test_a_picture_with_a_name_burned_in_is_left_out(built):
    assert [reason for _, reason in built.manifest.left_out] == ["text is burned into the analysed region"]


def test_the_bundle_takes_the_folder_as_it_is(built):
    # In a process of its own: the bundle's packages are not ours.
    code = "import sys; from scripts.datalist import Datalist; print(Datalist.read(sys.argv[1]).facts())"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, built.folder],
        cwd=shipped.BUNDLE, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(shipped.BUNDLE)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "positives" in done.stdout


def test_the_same_studies_give_the_same_bytes(hospital, built):
    before = {path.name: path.read_bytes() for path in built.folder.rglob("*") if path.is_file()}
    again = hospital.build_really(dates="shift")
    assert (again.manifest.digest, again.is_new) == (built.manifest.digest, False)
    assert {path.name: path.read_bytes() for path in again.folder.rglob("*") if path.is_file()} == before


def test_a_copy_is_checked_against_the_manifest(built, tmp_path):
    assert copy_data_set(built.folder, tmp_path / "copy") == PATIENTS
    listed = json.loads((tmp_path / "copy" / "datalist.json").read_text())
    assert all((tmp_path / "copy" / item["image"]).is_file() for items in listed.values() for item in items)
    with pytest.raises(FolderNotEmpty):
        copy_data_set(built.folder, tmp_path / "copy")
    changed = next((tmp_path / "copy").rglob("*.dcm"))
    changed.write_bytes(changed.read_bytes()[:-1] + b"\x01")
    with pytest.raises(DataSetDamaged):
        copy_data_set(tmp_path / "copy", tmp_path / "second")
