"""What a search begins with, for each target: simulated studies, small, in every form that is taken."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from copy import deepcopy

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from fuzz.conversation import GREETED
from osteo_pacs.decode.frames import pack
from osteo_pacs.phantom import ScannerStyle, make_study
from receiving import an_instance, associate_rq
from receiving.raw_peer import COMMAND, LAST, RELEASE_RQ, VERIFICATION, c_store_rq, command, p_data, pdu

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless, JPEGLSLossless, JPEG2000Lossless)
STEP, SIDE = 5, 44
"""Of a picture's rows and columns every so many-th is left, and so many of these."""


def seeds_of(target: str) -> Iterator[bytes]:
    """The seeds of a target."""
    yield from _SEEDS[target]()


def small_studies() -> Iterator[Dataset]:
    """One picture of each scanner, thinned out."""
    for scanner in ScannerStyle:
        ds = deepcopy(make_study(5, scanner=scanner).datasets[0])
        pixels = np.ascontiguousarray(ds.pixel_array[::STEP, ::STEP][:SIDE, :SIDE])
        ds.Rows, ds.Columns = pixels.shape[:2]
        ds.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
        yield ds


def _data_sets() -> Iterator[bytes]:
    for ds, is_implicit_vr in itertools.product(small_studies(), (True, False)):
        stream = DicomBytesIO()
        stream.is_little_endian, stream.is_implicit_VR = True, is_implicit_vr
        for element in ds:
            if element.VR in {"OB or OW", "US or SS"}:
                element.VR = element.VR.rpartition(" ")[2]
        write_dataset(stream, ds)
        yield bytes([is_implicit_vr]) + stream.getvalue()


def _files() -> Iterator[bytes]:
    for plain, syntax in itertools.product(small_studies(), SYNTAXES):
        ds = deepcopy(plain)
        if syntax in SYNTAXES[2:]:
            ds.compress(syntax, generate_instance_uid=False)
        else:
            ds.file_meta.TransferSyntaxUID = syntax
        file = io.BytesIO()
        dcmwrite(file, ds, enforce_file_format=True)
        yield file.getvalue()


def _conversations() -> Iterator[bytes]:
    instance = an_instance()
    echo = p_data(3, COMMAND | LAST, command(0x0030, uids={0x0002: VERIFICATION.encode() + b"\0"}))
    within = c_store_rq(instance) + c_store_rq(instance, 2, cut=50) + echo + pdu(RELEASE_RQ, bytes(4))
    yield b"\0" + associate_rq() + within
    yield bytes([GREETED]) + within
    yield bytes([GREETED | 5]) + echo + c_store_rq(instance)


def _answers() -> Iterator[bytes]:
    header = {"00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.1"]}, "00181030": {"vr": "LO"}}
    pixels = np.linspace(0, 1, 6, dtype=np.float32).tobytes()
    grey = {"rows": 2, "columns": 3, "spacing_mm": [0.5, 0.5], "pixel_sha256": "0" * 64}
    yield pack({"header": header}, 0) + b"\1"
    yield pack(grey, len(pixels)) + pixels + b"\0"
    yield pack({"reason": "no_pixels", "detail": "none", "error_type": ""}, 0)


_SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "header_scan": _data_sets,
    "conversation": _conversations,
    "pictures": _files,
    "decoding_process": _files,
    "false_answers": _answers,
}
