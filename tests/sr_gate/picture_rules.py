"""What a viewer, an archive and our own selection need of the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from osteo_pacs.dicom import codes
from osteo_pacs.select import decide
from sr_gate.tree import code_value

LARGEST_BYTES = 4_000_000
MARGIN = 20


def picture_rules(path: Path) -> list[str]:
    """The complaints about a picture."""
    try:
        ds = pydicom.dcmread(path)
        return [complaint for rule in _RULES for complaint in rule(ds)]
    except (InvalidDicomError, AttributeError, IndexError, KeyError, ValueError) as error:
        return [f"{type(error).__name__}: {error}"]


def _series(ds: Dataset) -> Iterator[str]:
    if int(ds.SeriesNumber) != 9702:
        yield f"Series Number {ds.SeriesNumber}"
    if not ds.SeriesDescription.startswith(("AI POSITIVE", "AI NEGATIVE")):
        yield "viewers cut the series description after about 20 characters: the outcome comes first"


def _derivation(ds: Dataset) -> Iterator[str]:
    if list(ds.ImageType)[:2] != ["DERIVED", "SECONDARY"]:
        yield f"Image Type {ds.ImageType}"
    if code_value(ds, "DerivationCodeSequence") != codes.GRAD_CAM.value:
        yield "the method is not named"
    [source] = ds.SourceImageSequence
    if code_value(source, "PurposeOfReferenceCodeSequence") != codes.SOURCE_OF_PROCESSING.value:
        yield "the source is not named as what was processed"


def _is_never_read(ds: Dataset) -> Iterator[str]:
    if decide(ds, ()).reason != "the image was made by image processing software":
        yield "our own selection would take it for a scanner's image"


def _pixels(ds: Dataset) -> Iterator[str]:
    pixels = ds.pixel_array
    if pixels.shape[2:] != (3,) or ds.PhotometricInterpretation != "RGB":
        yield f"no RGB: {ds.PhotometricInterpretation}, {pixels.shape}"
    if len(ds.PixelData) > LARGEST_BYTES:
        yield f"{len(ds.PixelData)} bytes"
    if not pixels[-150:].any():
        yield "no words below the image"


def _leaves_the_viewer_its_places(ds: Dataset) -> Iterator[str]:
    pixels = ds.pixel_array
    edges = (pixels[:MARGIN], pixels[:, :MARGIN], pixels[:, -MARGIN:])
    if any(np.any(edge) for edge in edges):
        yield "something stands at the top or in a corner, where viewers write"


Rule = Callable[[Dataset], Iterator[str]]
_RULES: tuple[Rule, ...] = (_series, _derivation, _is_never_read, _pixels, _leaves_the_viewer_its_places)
