"""DCMTK and pynetdicom as senders, in each kind of transfer syntax: the Data Set's bytes are kept as they came."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)
from pynetdicom import AE

from osteo_pacs.dicom.sop_classes import STORAGE, VERIFICATION, accepted_transfer_syntaxes
from peers import dcmsend, echoscu, environment, program, storescu
from peers.documents import part10
from receiving import running_listener
from receiving.instances import new_uid

CALLED = "OSTEO_PACS"


@pytest.fixture(scope="module")
def listener(tmp_path_factory):
    with running_listener(tmp_path_factory.mktemp("listener")) as running:
        yield running


def an_image(folder: Path, transfer_syntax: str, *, study: str = "", size: int = 64) -> Path:
    """A CR image in an uncompressed syntax."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, new_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study or new_uid(), new_uid()
    ds.PatientID, ds.PatientName, ds.Modality, ds.AccessionNumber = "TEST-1", "Test^Spine", "CR", "A1"
    ds.StudyDate = ds.StudyTime = ds.StudyID = ds.SeriesNumber = ds.InstanceNumber = None
    ds.Rows = ds.Columns = size
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 7, 0, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.add_new(0x00280034, "IS", ["1", "1"])
    ds.ReferencedStudySequence = [Dataset()]
    ds.ReferencedStudySequence[0].ReferencedSOPInstanceUID = "1.2.3"
    ds.PixelData = (np.indices((size, size)).sum(0) % 256).astype(np.uint8).tobytes()
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = transfer_syntax
    path = folder / f"{ds.SOPInstanceUID}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def compressed(source: Path, name: str, *options: str) -> Path:
    target = source.with_suffix(f".{name}.dcm")
    subprocess.run([program(name), *options, source, target], check=True, env=environment())
    return target


def data_set_bytes(path: Path) -> bytes:
    """What follows the File Meta Information."""
    content = path.read_bytes()
    length = int.from_bytes(content[140:144], "little")
    return content[144 + length :]


def assert_kept(listener, path: Path, transfer_syntax: str) -> None:
    """The spool has this very Data Set, in a Part 10 file that others read."""
    uid = dcmread(path).SOPInstanceUID
    [row] = [row for row in listener.instances() if row.sop_instance_uid == uid]
    kept = listener.spool.path_of(row.path)
    assert row.transfer_syntax_uid == transfer_syntax
    assert row.sha256 == sha256(data_set_bytes(path)).hexdigest()
    assert data_set_bytes(kept) == data_set_bytes(path)
    ds = dcmread(kept)
    assert ds.file_meta.MediaStorageSOPInstanceUID == uid
    assert ds.file_meta.MediaStorageSOPClassUID == ds.SOPClassUID
    assert ds.file_meta.TransferSyntaxUID == transfer_syntax
    assert ds.preamble == bytes(128)
    assert ds.pixel_array.shape == (64, 64)
    listing = subprocess.run([program("dcmdump"), "-q", kept], capture_output=True, check=True, env=environment())
    assert uid.encode() in listing.stdout


@pytest.mark.parametrize(
    ("transfer_syntax", "option"), [(ExplicitVRLittleEndian, "-xe"), (ImplicitVRLittleEndian, "-xi")]
)
def test_storescu_sends_uncompressed_images(listener, tmp_path, transfer_syntax, option):
    image = an_image(tmp_path, transfer_syntax)
    storescu(listener.port, image, called=CALLED, args=[option])
    assert_kept(listener, image, transfer_syntax)


@pytest.mark.parametrize(
    ("transfer_syntax", "name", "options"),
    [
        (JPEGBaseline8Bit, "dcmcjpeg", ["+eb"]),
        (JPEGLosslessSV1, "dcmcjpeg", ["+e1"]),
        (RLELossless, "dcmcrle", []),
    ],
)
def test_dcmsend_sends_compressed_images(listener, tmp_path, transfer_syntax, name, options):
    image = compressed(an_image(tmp_path, ExplicitVRLittleEndian), name, *options)
    dcmsend(listener.port, image, called=CALLED)
    assert_kept(listener, image, transfer_syntax)


def test_of_several_syntaxes_the_one_that_the_sender_holds_is_taken(listener, tmp_path):
    image = compressed(an_image(tmp_path, ExplicitVRLittleEndian), "dcmcjpeg", "+e1")
    storescu(listener.port, image, called=CALLED, args=["-xs"])
    assert_kept(listener, image, JPEGLosslessSV1)


def test_many_instances_go_over_one_association(listener, tmp_path):
    study = new_uid()
    images = [an_image(tmp_path, ExplicitVRLittleEndian, study=study) for _ in range(12)]
    assert len(dcmsend(listener.port, *images, called=CALLED).statuses) == 12
    for image in images:
        assert_kept(listener, image, ExplicitVRLittleEndian)


def test_echoscu_is_answered(listener):
    echoscu(listener.port, called=CALLED)
    echoscu(listener.port, called="OTHER", is_success=False)


def test_pynetdicom_may_store_every_sop_class_in_every_syntax(listener):
    ae = AE("SCANNER")
    for sop_class in (*STORAGE, VERIFICATION):
        ae.add_requested_context(sop_class, list(accepted_transfer_syntaxes(sop_class)))
    assoc = ae.associate("127.0.0.1", listener.port, ae_title=CALLED)
    assert assoc.is_established
    assert len(assoc.accepted_contexts) == len(STORAGE) + 1
    assert assoc.send_c_echo().Status == 0
    assoc.release()
    assert assoc.is_released


def test_pynetdicom_sends_a_structured_report(listener):
    ds = dcmread(BytesIO(part10(transfer_syntax_uid=ExplicitVRLittleEndian)))
    ae = AE("SCANNER")
    ae.add_requested_context(ds.SOPClassUID, ExplicitVRLittleEndian)
    assoc = ae.associate("127.0.0.1", listener.port, ae_title=CALLED)
    assert assoc.send_c_store(ds).Status == 0
    assoc.release()
    assert ds.SOPInstanceUID in {row.sop_instance_uid for row in listener.instances()}


@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.2.2.1"])
def test_other_sop_classes_are_not_negotiated(listener, sop_class):
    ae = AE("SCANNER")
    ae.add_requested_context(sop_class)
    ae.add_requested_context(VERIFICATION)
    assoc = ae.associate("127.0.0.1", listener.port, ae_title=CALLED)
    assert [context.abstract_syntax for context in assoc.accepted_contexts] == [VERIFICATION]
    assoc.release()


def test_deflated_syntax_is_not_negotiated(listener):
    ae = AE("SCANNER")
    ae.add_requested_context(ComputedRadiographyImageStorage, "1.2.840.10008.1.2.1.99")
    ae.add_requested_context(VERIFICATION)
    assoc = ae.associate("127.0.0.1", listener.port, ae_title=CALLED)
    assert [context.abstract_syntax for context in assoc.accepted_contexts] == [VERIFICATION]
    assoc.release()
