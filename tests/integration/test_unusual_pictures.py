"""Spine pictures in every unusual form, from the Part 10 file to the SR: read as the plain one, or refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from osteo_pacs import shipped
from osteo_pacs.config import load
from osteo_pacs.db.instances import InstanceRow
from osteo_pacs.decode import Decoder
from osteo_pacs.findings import Finding, Refusal, RefusalReason, StudyResult
from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.phantom import ScannerStyle, make_study, spine_image
from osteo_pacs.report import DocumentKind, build_documents
from osteo_pacs.worker.result import headers_of, study_result
from osteo_pacs.worker.study import StudyOpener

SPINE = make_study(23, scanner=ScannerStyle.GE_IDXA).datasets[0]
PIXELS = SPINE.pixel_array
PIXEL_LIMIT = 64_000_000


class Reader:
    """What a worker does with a study of one instance."""

    def __init__(self, folder, decoder):
        rules = load(shipped.CONFIG, {}).selection.rules
        self.folder = folder
        self.model = load_bundle(shipped.BUNDLE, "cpu", threads=1)
        self.opener = StudyOpener(self, decoder, rules=rules, pixel_limit=PIXEL_LIMIT, min_age_years=20)

    def path_of(self, path):
        return self.folder / path

    def read(self, ds: Dataset) -> tuple[Finding | Refusal, Dataset]:
        """The reading, and the SR that says it."""
        ds.save_as(self.folder / "one.dcm", enforce_file_format=True)
        row = InstanceRow(1, ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, "one.dcm")
        study = self.opener.open(ds.StudyInstanceUID, [row])
        answers = self.model.predict([image.grey for image in study.images])
        result = study_result(study, dict.fromkeys([1], answers[0]) if answers else {}, self.model.version)
        return result.readings[0], self._report(result, headers_of(study, result.readings))

    @staticmethod
    def _report(result: StudyResult, headers: list[Dataset]) -> Dataset:
        [document] = build_documents(
            result,
            headers,
            kinds=frozenset({DocumentKind.COMPREHENSIVE_SR}),
            revision=1,
            input_digest="0" * 64,
            predecessors={},
            station_name="test",
            now=datetime(2026, 3, 1, tzinfo=UTC),
        )
        return pydicom.dcmread(io.BytesIO(document.content))


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with Decoder(shipped.BUNDLE) as decoder:
        yield Reader(tmp_path_factory.mktemp("spool"), decoder)


@pytest.fixture(scope="module")
def plain(reader) -> Finding:
    """What is said of the picture as its scanner sends it."""
    found, _ = reader.read(deepcopy(SPINE))
    assert isinstance(found, Finding)
    return found


def spine(pixels: np.ndarray | None = None, **attributes) -> Dataset:
    """The scanner's picture with other stored values or attributes; None removes one."""
    ds = deepcopy(SPINE)
    if pixels is not None:
        ds.Rows, ds.Columns = pixels.shape[:2]
        ds.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
        ds.BitsAllocated = ds.BitsStored = 8 * pixels.dtype.itemsize
        ds.HighBit = ds.BitsStored - 1
        ds.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def deep(bits: int) -> Dataset:
    values = np.round(PIXELS / 255 * (2**bits - 1)).astype(np.uint16)
    return spine(values, BitsStored=bits, HighBit=bits - 1)


def in_colour(photometric: str) -> Dataset:
    return spine(
        np.repeat(PIXELS[..., None], 3, axis=2), PhotometricInterpretation=photometric, PlanarConfiguration=0
    )


def palette(*, has_table: bool = True) -> Dataset:
    ds = spine(PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue") if has_table else ():
        ds.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        table = np.arange(256, dtype=np.uint16) * 257
        ds.add_new(f"{colour}PaletteColorLookupTableData", "OW", table.tobytes())
    return ds


def compressed(syntax: str) -> Dataset:
    ds = spine()
    ds.compress(syntax, generate_instance_uid=False)
    return ds


def lossy(quality: int) -> Dataset:
    frame = io.BytesIO()
    Image.fromarray(PIXELS).save(frame, "JPEG", quality=quality)
    ds = spine(PixelData=encapsulate([frame.getvalue()]), LossyImageCompression="01")
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


READ: dict[str, Callable[[], Dataset]] = {
    "10-bit": lambda: deep(10),
    "12-bit": lambda: deep(12),
    "16-bit": lambda: deep(16),
    "12-bit with its full window": lambda: _windowed(deep(12), 2048, 4096),
    "RGB": lambda: in_colour("RGB"),
    "palette": palette,
    "MONOCHROME1": lambda: spine(255 - PIXELS, PhotometricInterpretation="MONOCHROME1"),
    "three frames": lambda: spine(PixelData=PIXELS.tobytes() * 3, NumberOfFrames=3),
    "RLE": lambda: compressed(RLELossless),
    "JPEG-LS": lambda: compressed(JPEGLSLossless),
    "lossy JPEG, quality 95": lambda: lossy(95),
    "lossy JPEG, quality 85": lambda: lossy(85),
    "spacing in the header": lambda: spine(PixelSpacing=[0.25, 0.25], ManufacturerModelName=None),
    "no spacing and no maker": lambda: spine(Manufacturer=None, ManufacturerModelName=None),
}


def _windowed(ds: Dataset, centre: int, width: int) -> Dataset:
    ds.WindowCenter, ds.WindowWidth = centre, width
    return ds


@pytest.mark.parametrize("form", READ)
def test_a_correct_picture_is_read_whatever_its_form(reader, plain, form):
    found, report = reader.read(READ[form]())
    assert isinstance(found, Finding), found
    assert found.probability == pytest.approx(plain.probability, abs=0.05)
    assert found.is_positive is plain.is_positive
    assert found.region == plain.region
    assert "NOT EVALUATED" not in report.SeriesDescription


@pytest.mark.parametrize("seed", range(31, 37))
def test_lines_and_labels_that_are_burned_in_leave_the_answer(reader, seed):
    bare, labelled = (_hologic(seed, overlay=overlay) for overlay in (False, True))
    assert bare.PixelData != labelled.PixelData
    (without, _), (with_labels, _) = reader.read(bare), reader.read(labelled)
    assert isinstance(without, Finding)
    assert isinstance(with_labels, Finding)
    assert with_labels.probability == pytest.approx(without.probability, abs=0.3)


def _hologic(seed: int, *, overlay: bool) -> Dataset:
    ds = make_study(seed, scanner=ScannerStyle.HOLOGIC).datasets[0]
    pixels, _ = spine_image(seed, scanner=ScannerStyle.HOLOGIC, overlay=overlay)
    ds.Rows, ds.Columns = pixels.shape
    ds.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    return ds


REFUSED: dict[str, tuple[Callable[[], Dataset], RefusalReason, str]] = {
    "no pixels": (lambda: spine(PixelData=None), RefusalReason.NO_PIXELS, "no pixel data"),
    "empty": (lambda: spine(PixelData=b""), RefusalReason.NO_PIXELS, "no pixel data"),
    "truncated": (
        lambda: spine(PixelData=SPINE.PixelData[:1000]),
        RefusalReason.UNREADABLE_PIXELS,
        "could not be read",
    ),
    "constant": (lambda: spine(np.full_like(PIXELS, 90)), RefusalReason.NO_CONTRAST, "no contrast"),
    "inverted": (lambda: spine(255 - PIXELS), RefusalReason.UNLIKE_TRAINING_IMAGES, "The "),
    "upside down": (
        lambda: spine(np.ascontiguousarray(PIXELS[::-1])),
        RefusalReason.UNLIKE_TRAINING_IMAGES,
        "The image",
    ),
    "turned by a quarter": (
        lambda: spine(np.ascontiguousarray(np.rot90(PIXELS))),
        RefusalReason.UNLIKE_TRAINING_IMAGES,
        "unlike",
    ),
    "1x1": (
        lambda: spine(PIXELS[:1, :1], PixelData=b"\x90\0"),
        RefusalReason.IMAGE_TOO_SMALL,
        "too few pixels",
    ),
    "20000x20000": (lambda: spine(Rows=20000, Columns=20000), RefusalReason.IMAGE_TOO_LARGE, "too many"),
    "not a number after scaling": (
        lambda: spine(RescaleSlope="1e308", RescaleIntercept="1e308"),
        RefusalReason.UNREADABLE_PIXELS,
        "not numbers",
    ),
    "grey samples called YBR_FULL": (
        lambda: in_colour("YBR_FULL"),
        RefusalReason.UNREADABLE_PIXELS,
        "in colour",
    ),
    "one sample called RGB": (
        lambda: spine(PhotometricInterpretation="RGB"),
        RefusalReason.UNREADABLE_PIXELS,
        "could not be read",
    ),
    "palette without a table": (
        lambda: palette(has_table=False),
        RefusalReason.UNREADABLE_PIXELS,
        "could not be read",
    ),
    "a maker of oblong pixels without spacing": (
        lambda: spine(ManufacturerModelName=None),
        RefusalReason.UNREADABLE_PIXELS,
        "proportions",
    ),
}


def texts_of(report: Dataset) -> list[str]:
    return [str(element.value) for element in report.iterall() if element.keyword == "TextValue"]


@pytest.mark.parametrize("fault", REFUSED)
def test_a_false_picture_is_refused_by_name(reader, fault):
    make, reason, words = REFUSED[fault]
    refused, report = reader.read(make())
    assert isinstance(refused, Refusal), refused
    assert refused.reason is reason
    assert words in refused.sentence
    assert "NOT EVALUATED" in report.SeriesDescription
    assert any(refused.sentence in text for text in texts_of(report))


@pytest.mark.parametrize("fault", REFUSED)
def test_a_refusals_sentence_names_nothing_of_the_program(reader, fault):
    refused, _ = reader.read(REFUSED[fault][0]())
    assert "Error" not in refused.sentence
    assert "(" not in refused.sentence
