from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from hostile.stored import jpeg_bomb
from images import image_dataset, save
from osteo_pacs import shipped
from osteo_pacs.decode import Decoded, Decoder, Undecodable
from osteo_pacs.decode.reading import without_quotes
from osteo_pacs.findings import RefusalReason

FRAME = b"\xfe\xff\x00\xe0"
"""The tag of an Item, which starts every encapsulated frame (PS3.5 A.4)."""


def test_an_image_comes_back_as_grey_with_its_spacing(decoder, ramp, tmp_path):
    path = save(image_dataset(ramp, PixelSpacing=[0.6, 0.3]), tmp_path)
    decoded = decoder.decode(path)
    assert isinstance(decoded, Decoded)
    np.testing.assert_allclose(decoded.image.pixels, ramp / 255, atol=1e-6)
    assert decoded.image.spacing_mm == (0.6, 0.3)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_a_picture_has_one_digest_in_every_lossless_syntax(decoder, ramp, tmp_path, syntax):
    plain = decoder.decode(save(image_dataset(ramp), tmp_path, "plain.dcm"))
    ds = image_dataset(ramp)
    ds.compress(syntax)
    compressed = decoder.decode(save(ds, tmp_path, "compressed.dcm"))
    assert compressed.pixel_sha256 == plain.pixel_sha256
    np.testing.assert_array_equal(compressed.image.pixels, plain.image.pixels)


def test_one_other_pixel_gives_another_digest(decoder, ramp, tmp_path):
    one = decoder.decode(save(image_dataset(ramp), tmp_path, "one.dcm"))
    ramp[50, 60] += 1
    assert decoder.decode(save(image_dataset(ramp), tmp_path, "two.dcm")).pixel_sha256 != one.pixel_sha256


def test_header_alone_does_not_need_pixels(decoder, ramp, tmp_path):
    ds = image_dataset(ramp, PatientAge="066Y")
    del ds.PixelData
    header = decoder.header(save(ds, tmp_path))
    assert header.PatientAge == "066Y"
    assert (header.Rows, header.Columns) == ramp.shape


def test_missing_pixels_have_their_reason(decoder, ramp, tmp_path):
    ds = image_dataset(ramp)
    del ds.PixelData
    assert decoder.decode(save(ds, tmp_path)).reason is RefusalReason.NO_PIXELS


@pytest.mark.parametrize(
    "attributes",
    [{"Rows": 20000, "Columns": 20000}, {"NumberOfFrames": 2_000_000_000}, {"Rows": 65535, "Columns": 65535}],
)
def test_more_pixels_than_allowed_are_refused_before_decoding(decoder, ramp, tmp_path, attributes):
    undecodable = decoder.decode(save(image_dataset(ramp, **attributes), tmp_path))
    assert undecodable.reason is RefusalReason.IMAGE_TOO_LARGE


def test_the_callers_pixel_limit_holds(decoder, ramp, tmp_path):
    path = save(image_dataset(ramp), tmp_path)
    assert decoder.decode(path, pixel_limit=ramp.size - 1).reason is RefusalReason.IMAGE_TOO_LARGE
    assert isinstance(decoder.decode(path, pixel_limit=ramp.size), Decoded)


def test_truncated_pixels_are_unreadable(decoder, ramp, tmp_path):
    ds = image_dataset(ramp)
    ds.PixelData = ds.PixelData[: ramp.size // 2]
    assert decoder.decode(save(ds, tmp_path)).reason is RefusalReason.UNREADABLE_PIXELS


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_a_file_cut_within_its_frame_is_unreadable(decoder, tmp_path, syntax):
    noise = np.random.default_rng(1).integers(0, 256, (100, 120), dtype=np.uint8)
    ds = image_dataset(noise)
    ds.compress(syntax)
    path = save(ds, tmp_path)
    path.write_bytes(path.read_bytes()[:-6000])
    assert decoder.decode(path).reason is RefusalReason.UNREADABLE_PIXELS


def test_an_image_that_claims_to_be_larger_inside_is_unreadable(decoder, ramp, tmp_path):
    ds = image_dataset(ramp)
    ds.compress(JPEG2000Lossless)
    path = save(ds, tmp_path)
    content = bytearray(path.read_bytes())
    size_marker = content.index(b"\xff\x51")
    content[size_marker + 6 : size_marker + 14] = (60_000).to_bytes(4) * 2
    path.write_bytes(content)
    assert decoder.decode(path).reason is RefusalReason.UNREADABLE_PIXELS


def rle_bomb(ramp, tmp_path, runs: int) -> Path:
    """A file whose one frame unpacks to 128 bytes for each of ``runs`` runs."""
    ds = image_dataset(ramp)
    ds.compress(RLELossless)
    path = save(ds, tmp_path)
    content = path.read_bytes()
    frame = content.rindex(FRAME)
    packed = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56) + b"\x81\x00" * runs
    path.write_bytes(
        content[:frame] + FRAME + len(packed).to_bytes(4, "little") + packed + b"\xfe\xff\xdd\xe0\0\0\0\0"
    )
    return path


def test_an_rle_frame_with_more_than_the_image_is_cut_to_it(decoder, ramp, tmp_path):
    decoded = decoder.decode(rle_bomb(ramp, tmp_path, 1000))
    assert decoded.image.pixels.shape == ramp.shape


def test_an_rle_frame_that_unpacks_beyond_the_memory_limit_is_unreadable(ramp, tmp_path):
    with Decoder(shipped.BUNDLE, memory_limit_bytes=256 << 20) as decoder:
        undecodable = decoder.decode(rle_bomb(ramp, tmp_path, 2_000_000))
        assert undecodable.reason is RefusalReason.UNREADABLE_PIXELS
        assert isinstance(decoder.decode(save(image_dataset(ramp), tmp_path)), Decoded)


def test_an_image_that_uses_up_the_memory_leaves_the_next_ones_be(decoder, ramp, tmp_path):
    ds = image_dataset(ramp, PixelData=encapsulate([jpeg_bomb()]))
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    bomb = save(ds, tmp_path, "bomb.dcm")
    large = save(image_dataset(np.zeros((4000, 4000), np.uint8)), tmp_path, "large.dcm")
    assert decoder.decode(bomb).reason is RefusalReason.UNREADABLE_PIXELS
    assert isinstance(decoder.decode(large), Decoded)


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless])
def test_a_frame_that_lacks_its_end_is_unreadable(decoder, tmp_path, syntax):
    noise = np.random.default_rng(1).integers(0, 256, (100, 120), dtype=np.uint8)
    ds = image_dataset(noise)
    ds.compress(syntax)
    frame = get_frame(ds.PixelData, 0, number_of_frames=1)
    ds.PixelData = encapsulate([frame[: len(frame) // 2]])
    assert decoder.decode(save(ds, tmp_path)).reason is RefusalReason.UNREADABLE_PIXELS


@pytest.mark.parametrize(
    "absurd",
    [
        ("Rows", None, "Rows is no number"),
        ("NumberOfFrames", "-5", "NumberOfFrames is negative"),
        ("Columns", [12, 13], "Columns is no number"),
    ],
)
def test_an_absurd_size_is_named(decoder, ramp, tmp_path, absurd):
    keyword, value, detail = absurd
    undecodable = decoder.decode(save(image_dataset(ramp, **{keyword: value}), tmp_path))
    assert undecodable == Undecodable(RefusalReason.UNREADABLE_PIXELS, detail)


def test_empty_pixel_data_are_no_pixels(decoder, ramp, tmp_path):
    undecodable = decoder.decode(save(image_dataset(ramp, PixelData=b""), tmp_path))
    assert undecodable == Undecodable(RefusalReason.NO_PIXELS, "the object has no pixel data")


def test_a_fault_is_told_in_plain_words_and_its_type_apart(decoder, ramp, tmp_path):
    undecodable = decoder.decode(save(image_dataset(ramp, BitsAllocated=7), tmp_path))
    assert undecodable.detail == "the object is damaged"
    assert undecodable.error_type.endswith("Error")


def test_what_is_no_dicom_is_unreadable(decoder, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<html>not an image</html>")
    assert decoder.decode(path).reason is RefusalReason.UNREADABLE_PIXELS
    assert isinstance(decoder.header(path), Undecodable)


def test_a_file_that_is_gone_is_unreadable(decoder, tmp_path):
    assert decoder.decode(tmp_path / "gone.dcm").reason is RefusalReason.UNREADABLE_PIXELS


def test_photometric_interpretation_that_does_not_fit_is_unreadable_and_not_quoted(decoder, ramp, tmp_path):
    undecodable = decoder.decode(save(image_dataset(ramp, PhotometricInterpretation="HSV"), tmp_path))
    assert undecodable.reason is RefusalReason.UNREADABLE_PIXELS
    assert undecodable.detail == "photometric interpretation of this kind does not fit the pixels"


@pytest.mark.parametrize("value", ["DOE^JANE", "O'HARA", '"X" O\'HARA', "a\nb"])
def test_what_the_bundle_says_loses_its_quotations(value):
    assert without_quotes(f"the value {value!r} does not fit") == "the value of this kind does not fit"


def test_deep_sequences_do_not_eat_memory(ramp, tmp_path):
    nested = b""
    while len(nested) < 8000:
        item = b"\xfe\xff\x00\xe0" + len(nested).to_bytes(4, "little") + nested
        nested = b"\x40\x00\x75\x02" + b"SQ\0\0" + len(item).to_bytes(4, "little") + item
    path = save(image_dataset(ramp), tmp_path)
    content = path.read_bytes()
    pixel_data = content.rindex(b"\xe0\x7f\x10\x00")
    path.write_bytes(content[:pixel_data] + nested + content[pixel_data:])
    with Decoder(shipped.BUNDLE, memory_limit_bytes=512 << 20, timeout_s=10) as decoder:
        outcome = decoder.decode(path)
        assert isinstance(outcome, Undecodable | Decoded)
        assert isinstance(decoder.decode(save(image_dataset(ramp), tmp_path)), Decoded)


def test_a_process_that_died_is_replaced(ramp, tmp_path):
    path = save(image_dataset(ramp), tmp_path)
    with Decoder(shipped.BUNDLE) as decoder:
        decoder.header(path)
        os.kill(decoder._child.pid, signal.SIGKILL)
        undecodable = decoder.decode(path)
        assert undecodable.reason is RefusalReason.UNREADABLE_PIXELS
        assert "ended without an answer" in undecodable.detail
        assert isinstance(decoder.decode(path), Decoded)


def test_a_process_that_hangs_is_killed_at_the_deadline(ramp, tmp_path):
    path = save(image_dataset(ramp), tmp_path)
    with Decoder(shipped.BUNDLE, timeout_s=0.5) as decoder:
        decoder.header(path)
        hung = decoder._child.pid
        os.kill(hung, signal.SIGSTOP)
        assert "took too long" in decoder.decode(path).detail
        assert not Path(f"/proc/{hung}").exists()


def test_a_process_has_no_more_than_its_bounds(decoder, ramp, tmp_path):
    decoder.decode(save(image_dataset(ramp), tmp_path))
    process = Path(f"/proc/{decoder._child.pid}")
    limits = {line[:26].strip(): line[26:].split()[0] for line in (process / "limits").read_text().splitlines()}
    assert limits["Max address space"] == str(1 << 30)
    assert limits["Max file size"] == "0"
    assert limits["Max core file size"] == "0"
    assert int(limits["Max cpu time"]) <= 60
    assert "torch" not in (process / "maps").read_text()


def test_leaving_the_decoder_ends_its_process(ramp, tmp_path):
    with Decoder(shipped.BUNDLE) as decoder:
        decoder.decode(save(image_dataset(ramp), tmp_path))
        process = Path(f"/proc/{decoder._child.pid}")
        assert process.exists()
    assert not process.exists()


def test_a_grey_picture_in_colour_samples_is_read(decoder, tmp_path):
    grey = np.random.default_rng(1).integers(0, 256, (64, 64, 1), dtype=np.uint8)
    decoded = decoder.decode(save(image_dataset(np.repeat(grey, 3, axis=2)), tmp_path))
    assert decoded.image.pixels.shape == (64, 64)


def test_a_written_sample_of_pydicom_is_read(decoder):
    path = Path(pydicom.data.get_testdata_file("CT_small.dcm"))
    decoded = decoder.decode(path)
    assert decoded.image.pixels.max() <= 1
    assert decoded.image.pixels.min() >= 0
