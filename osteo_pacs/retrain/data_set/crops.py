"""From a candidate's images to files without the patient, each checked to be read as the original is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from monai.transforms.compose import Compose
from pydicom import Dataset

from osteo_pacs.config.labels import Datasets
from osteo_pacs.db.data_sets import Candidate, SelectedImage
from osteo_pacs.decode import Decoded, Decoder, Undecodable
from osteo_pacs.infer.analysed import Analysed, analyse
from osteo_pacs.labels.effective import Effective
from osteo_pacs.retrain.data_set.burned_in import has_text
from osteo_pacs.retrain.data_set.confidentiality import without_identity
from osteo_pacs.retrain.data_set.crop_file import add_pixels, framed, part10
from osteo_pacs.retrain.data_set.duplicates import Bits, difference_hash
from osteo_pacs.retrain.data_set.site_secret import SiteSecret
from osteo_pacs.spool import Spool

TOLERANCE = 1e-5
"""By how much the network's input may differ, of grey from 0 to 1; 16 bits round by less."""


@dataclass(frozen=True, slots=True)
class LabelledStudy:
    """A candidate whose label counts for training; ``patient`` is its name in data sets."""

    candidate: Candidate
    label: Effective
    patient: str


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A picture's file without the patient, lying under ``name`` until its part is known."""

    name: str
    study: LabelledStudy
    image: SelectedImage
    sha256: str
    pixel_sha256: str
    hash: Bits


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not in the data set, and why; ``name`` is the study's or the picture's in data sets."""

    name: str
    reason: str


class Cropper:
    """Writes crops for one installation into a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        spool: Spool,
        decoder: Decoder,
        prepare: Compose,
        secret: SiteSecret,
        recipe: Datasets,
        pixel_limit: int,
    ) -> None:
        self._folder = folder
        self._spool = spool
        self._decoder = decoder
        self._prepare = prepare
        self._secret = secret
        self._recipe = recipe
        self._pixel_limit = pixel_limit

    def crop(self, study: LabelledStudy, image: SelectedImage) -> Crop | LeftOut:
        """Writes one picture.

        Raises:
            DecoderUnavailable: the decoding process does not start.
        """
        name = f"{self._secret.name('image', image.sop_instance_uid)[:24]}.dcm"
        path = self._spool.path_of(image.path)
        header, decoded = self._decoder.header(path), self._decoder.decode(path, self._pixel_limit)
        if isinstance(header, Undecodable) or isinstance(decoded, Undecodable):
            return LeftOut(name, "it cannot be decoded")
        analysed = analyse(self._prepare, decoded.image)
        reason = _burned_in(header, decoded, analysed)
        if reason and not self._recipe.keep_burned_in_text:
            return LeftOut(name, reason)
        clean = without_identity(
            header, self._secret, study.patient, dates=self._recipe.dates, has_text=bool(reason)
        )
        content = part10(add_pixels(clean, framed(analysed.scan, analysed.margin), decoded.image.spacing_mm))
        (self._folder / name).write_bytes(content)
        if not self._is_read_alike(self._folder / name, analysed):
            (self._folder / name).unlink()
            return LeftOut(name, "its crop alone would not be read as the whole picture is")
        digest = hashlib.sha256(content).hexdigest()
        return Crop(name, study, image, digest, decoded.pixel_sha256, difference_hash(analysed.scan))

    def _is_read_alike(self, path: Path, original: Analysed) -> bool:
        decoded = self._decoder.decode(path, self._pixel_limit)
        if isinstance(decoded, Undecodable):
            return False
        again = analyse(self._prepare, decoded.image).network_input
        return bool(np.abs(again - original.network_input).max() <= TOLERANCE)


def _burned_in(header: Dataset, decoded: Decoded, analysed: Analysed) -> str:
    """Why text may be in the crop; nothing where none is."""
    if has_text(analysed.scan):
        return "text is burned into the analysed region"
    region = analysed.region
    is_whole = (region.right - region.left, region.bottom - region.top) == (
        decoded.image.columns,
        decoded.image.rows,
    )
    if is_whole and header.get("BurnedInAnnotation") == "YES":
        return "its header says that text is burned in, and nothing of it is cut away"
    return ""
