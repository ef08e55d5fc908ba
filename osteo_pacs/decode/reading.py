"""What the decoding process answers about one file; every fault of the file has its name here."""

from __future__ import annotations

import hashlib
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, JPEGTransferSyntaxes

from osteo_pacs.decode.document import DocumentTooLarge, outline
from osteo_pacs.decode.header import clean

_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_DEFERRED_BYTES = 65_536

_JPEG_FAMILY = frozenset(JPEGTransferSyntaxes + JPEGLSTransferSyntaxes + JPEG2000TransferSyntaxes)
_END_OF_IMAGE = b"\xff\xd9"
_PADDING_BYTES = 16
_QUOTED = re.compile(r"""['"].*['"]""", re.DOTALL)

Answer = tuple[dict[str, Any], memoryview]


class Refused(Exception):
    """The file is not read, for this reason."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def answer(rendering: ModuleType, request: dict[str, Any]) -> Answer:
    """The answer to a request: its head, and the pixels as bytes."""
    error_type = ""
    try:
        if request["op"] == "header":
            return {"header": clean(_read(request["path"], with_pixels=False))}, memoryview(b"")
        if request["op"] == "document":
            return {"document": outline(_read(request["path"], with_pixels=False))}, memoryview(b"")
        return _decode(rendering, request["path"], request["pixel_limit"])
    except Refused as refused:
        reason, detail = refused.reason, refused.detail
    except DocumentTooLarge as error:
        reason, detail = "unreadable_pixels", f"the document has {error}"
    except MemoryError:
        reason, detail = "unreadable_pixels", "decoding it needs more memory than is allowed"
    except Exception as error:  # noqa: BLE001 - the loop of the process must outlive every file
        reason, detail, error_type = "unreadable_pixels", "the object is damaged", type(error).__name__
    return {"reason": reason, "detail": detail, "error_type": error_type}, memoryview(b"")


def _read(path: str, *, with_pixels: bool) -> Dataset:
    if with_pixels:
        return _read_whole(Path(path))
    return pydicom.dcmread(Path(path), stop_before_pixels=True, defer_size=_DEFERRED_BYTES)


def _read_whole(path: Path) -> Dataset:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ds = pydicom.dcmread(path)
    # Of an encapsulated frame that is cut off pydicom keeps nothing, and says so in a warning alone.
    if any("End of file" in str(warning.message) for warning in caught):
        raise Refused("unreadable_pixels", "the file ends too early")
    return ds


def _decode(rendering: ModuleType, path: str, pixel_limit: int) -> Answer:
    ds = _read(path, with_pixels=True)
    _check_size(ds, pixel_limit)
    _check_frame_is_whole(ds)
    try:
        values = rendering.stored_values(ds)
        grey = np.ascontiguousarray(rendering.render_values(ds, values), dtype=np.float32)
        spacing_mm = rendering.spacing_mm(ds)
    except rendering.UnreadablePixelsError as error:
        raise Refused("unreadable_pixels", without_quotes(str(error))) from error
    head = {
        "rows": grey.shape[0],
        "columns": grey.shape[1],
        "spacing_mm": spacing_mm,
        "pixel_sha256": _digest(values),
    }
    return head, grey.data.cast("B")


def without_quotes(sentence: str) -> str:
    """A sentence of the bundle's without what it quotes: a value of the header may hold anything."""
    return _QUOTED.sub("of this kind", sentence)


def _check_size(ds: Dataset, pixel_limit: int) -> None:
    """Refuses before a decoder sees a byte; sizes are taken from the header, whatever the encoded image claims."""
    if not any(_has_value(ds, keyword) for keyword in _PIXEL_KEYWORDS):
        raise Refused("no_pixels", "the object has no pixel data")
    rows, columns, frames = (_count(ds, keyword) for keyword in ("Rows", "Columns", "NumberOfFrames"))
    if rows * columns * frames > pixel_limit:
        raise Refused("image_too_large", f"{rows} x {columns} pixels in {frames} frames are too many")
    if rows * columns == 0:
        raise Refused("no_pixels", "the image has no rows or no columns")


def _has_value(ds: Dataset, keyword: str) -> bool:
    item = ds.get_item(keyword)
    return item is not None and bool(item.value)


def _check_frame_is_whole(ds: Dataset) -> None:
    """Refuses a frame of the JPEG family without its last marker: some decoders fill the rest with grey."""
    if ds.file_meta.TransferSyntaxUID in _JPEG_FAMILY:
        frame = get_frame(ds.PixelData, 0, number_of_frames=_count(ds, "NumberOfFrames"))
        if _END_OF_IMAGE not in frame[-_PADDING_BYTES:]:
            raise Refused("unreadable_pixels", "the encoded image ends too early")


def _count(ds: Dataset, keyword: str) -> int:
    try:
        value = ds.get(keyword)
        count = 1 if value is None and keyword == "NumberOfFrames" else int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Refused("unreadable_pixels", f"{keyword} is no number") from error
    if count < 0:
        raise Refused("unreadable_pixels", f"{keyword} is negative")
    return count


def _digest(values: np.ndarray) -> str:
    """Names the decoded values of the first frame: sha256 of shape and little-endian values, hexadecimal."""
    plain = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    sha256 = hashlib.sha256(f"{values.shape}{plain.dtype.str}".encode())
    sha256.update(plain.data.cast("B"))
    return sha256.hexdigest()
