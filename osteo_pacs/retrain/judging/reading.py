"""Pictures on the worker's own way: written as DICOM, decoded in the bounded process, read by the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

import pydicom
from pydicom import Dataset

from osteo_pacs.decode import Decoded, Decoder
from osteo_pacs.dicom.uids import derive_uid
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.predict import Model, Prediction, Transform
from osteo_pacs.phantom import PhantomKind
from osteo_pacs.phantom.header import InstanceIdentity, StudyIdentity, make_dataset
from osteo_pacs.retrain.judging.test_set import Picture

_TAKEN_AT = datetime(2024, 1, 2, 8, 0, 0)  # noqa: DTZ001 - DICOM dates of a scanner have no zone
BATCH = 16

Source = TypeVar("Source")
"""What is decoded: a simulated picture, or a file."""

Decode = Callable[[Picture], GreyImage | str]
"""A picture as grey, or the reason why it cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said of a picture; without probabilities where it refused, with the reason."""

    raw_probability: float | None = None
    probability: float | None = None
    is_called: bool = False
    refusal: str = ""


@contextmanager
def decoding(bundle_folder: Path) -> Iterator[Decode]:
    """Within it pictures are decoded as the worker does, by the bundle's own rendering."""
    with TemporaryDirectory(prefix="osteo-pacs-") as folder, Decoder(bundle_folder) as decoder:

        def decode(picture: Picture) -> GreyImage | str:
            decoded = decoder.decode(_write(picture, Path(folder) / "picture.dcm"))
            return decoded.image if isinstance(decoded, Decoded) else decoded.reason.value

        yield decode


class Reader(Generic[Source]):
    """Reads pictures with a model, and keeps the network's own probability beside the calibrated one."""

    def __init__(self, model: Model, decode: Callable[[Source], GreyImage | str]) -> None:
        self._raw = _RawProbabilities(model.decide)
        self._model = replace(model, decide=self._raw)
        self._decode = decode

    def read(self, pictures: Iterable[Source]) -> Iterator[tuple[Source, Answer]]:
        """Each picture with its answer, in their order."""
        waiting = iter(pictures)
        while batch := list(islice(waiting, BATCH)):
            yield from zip(batch, self._answers(batch), strict=True)

    def _answers(self, pictures: list[Source]) -> Iterator[Answer]:
        decoded = [self._decode(picture) for picture in pictures]
        self._raw.kept.clear()
        outcomes = iter(self._model.predict([image for image in decoded if isinstance(image, GreyImage)]))
        raw = iter(self._raw.kept)
        for image in decoded:
            if isinstance(image, str):
                yield Answer(refusal=image)
                continue
            outcome = next(outcomes)
            if isinstance(outcome, Prediction):
                yield Answer(next(raw), outcome.probability, outcome.is_positive)
            else:
                yield Answer(refusal=outcome.reason.value)


class _RawProbabilities:
    """Stands before the bundle's postprocessing and keeps what goes in, in the order of the images read."""

    def __init__(self, decide: Transform) -> None:
        self.kept: list[float] = []
        self._decide = decide

    def __call__(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        self.kept.append(float(item["pred"][1]))
        return self._decide(item)


def dataset_of(picture: Picture, kind: PhantomKind) -> Dataset:
    """The picture as its scanner would send one of this kind.

    Raises:
        ValueError: nobody is shown.
    """
    patient = picture.truth.patient
    if patient is None:
        raise ValueError("a picture needs a patient for its header")
    study_instance_uid = derive_uid("evaluation study", str(picture.seed), picture.truth.kind.value)
    study = StudyIdentity(picture.seed % 1_000_000, study_instance_uid, _TAKEN_AT)
    instance, series = (derive_uid(part, study_instance_uid) for part in ("instance", "series"))
    identity = InstanceIdentity(sop_instance_uid=instance, series_instance_uid=series, number=1)
    return make_dataset(kind, picture.pixels, patient, study, identity)


def _write(picture: Picture, path: Path) -> Path:
    """A Part 10 file whose header says AP spine, whatever it shows, so that the picture alone tells."""
    pydicom.dcmwrite(path, dataset_of(picture, PhantomKind.AP_SPINE), enforce_file_format=True)
    return path
