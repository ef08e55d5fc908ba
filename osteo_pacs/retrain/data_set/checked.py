"""A data set to train on: where it lies, and whether it can be trained on, told before anything is trained.

It is a folder with a ``datalist.json``: ``{"training": [...], "validation": [...], "test": [...]}``, items of
``image`` (a path in the folder), ``label`` (0 or 1), and where it is known ``patient``, ``t_score``, ``sex``,
``age_years`` and ``scanner``. `osteo_pacs.phantom.dataset` writes such folders.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from osteo_pacs.config import Settings
from osteo_pacs.db.data_sets import list_data_sets
from osteo_pacs.db.session import Database
from osteo_pacs.errors import PermanentError
from osteo_pacs.retrain.data_set.folder import data_set_folder, folder_of
from osteo_pacs.retrain.data_set.manifest import DATALIST

PARTS = ("training", "validation", "test")
FITTED = ("training", "validation")
"""The parts that a model is made from."""
LABELS = {0, 1}

Item = Mapping[str, Any]


class DataSetUnknown(PermanentError):
    """There is no such data set."""

    remedy = (
        "`osteo-pacs dataset build` makes one of labelled studies, `osteo-pacs phantom-dataset` simulates one."
    )


class DataSetUnreadable(PermanentError):
    """The list of the data set cannot be read."""

    remedy = "docs/how-to/train-on-your-own-data.md shows what a datalist.json holds."


class OneClassOnly(PermanentError):
    """A part of the data set has one class alone."""

    remedy = "Nothing can be learnt or judged from one class: add labelled studies of the other."


class TooFewCases(PermanentError):
    """The data set has too few images."""

    remedy = "Add labelled studies, or lower [training] min_cases if you know what you do."


class ImagesMissing(PermanentError):
    """Images of the data set are not there."""

    remedy = "Restore them, or take them out of the list."


class ImageListedTwice(PermanentError):
    """An image of the data set is listed twice."""

    remedy = "An image belongs to one part, once."


class PatientInTwoParts(PermanentError):
    """A patient of the data set is in two parts."""

    remedy = (
        "Divide by patient: what a model has seen of somebody would tell it about the same person's test image."
    )


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that may be used.

    Attributes:
        folder: where it lies.
        parts: name to items.
        sha256: of its list, hexadecimal; its name.
    """

    folder: Path
    parts: Mapping[str, tuple[Item, ...]]
    sha256: str

    def path(self, item: Item) -> Path:
        """The file of one item."""
        return self.folder / str(item["image"])

    def counts(self) -> dict[str, dict[str, int]]:
        """Images and positives of each part."""
        return {
            name: {"images": len(items), "positives": sum(item["label"] for item in items)}
            for name, items in self.parts.items()
        }


def find_dataset(database: Database, settings: Settings, asked: str | None) -> Path:
    """The folder of a data set by its number, the beginning of its digest, or its path; None: of the newest.

    Raises:
        DataSetUnknown: none has been built.
        NoSuchDataSet, DataSetDamaged: as `data_set_folder` says.
    """
    directory = settings.datasets.directory
    with database.read() as session:
        if asked is not None:
            return data_set_folder(session, directory, asked).absolute()
        built = list_data_sets(session)
    if not built:
        raise DataSetUnknown("none has been built yet.")
    return folder_of(directory, max(built, key=lambda known: known.id)).absolute()


def open_dataset(folder: Path) -> DataSet:
    """The data set of a folder, its list checked.

    Raises:
        DataSetUnreadable: the list is not there, or is none.
        ImageListedTwice, ImagesMissing, PatientInTwoParts: as they say.
    """
    try:
        content = (folder / DATALIST).read_bytes()
        parts = {name: tuple(items) for name, items in json.loads(content).items() if name in PARTS}
        _check_items(parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataSetUnreadable(f"{folder / DATALIST}: {type(error).__name__}") from error
    found = DataSet(folder, parts, hashlib.sha256(content).hexdigest())
    _check_files(found)
    _check_patients(found)
    return found


def require_trainable(dataset: DataSet, min_cases: int) -> None:
    """Refuses a data set from which nothing can be learnt.

    Raises:
        OneClassOnly, TooFewCases: in the training or the validation part.
    """
    for part in FITTED:
        require_cases(dataset, part, min_cases)


def require_cases(dataset: DataSet, part: str, least: int) -> None:
    """Refuses a part that has not ``least`` images of each class.

    Raises:
        OneClassOnly, TooFewCases: it has not.
    """
    counts = Counter(item["label"] for item in dataset.parts.get(part, ()))
    for label in sorted(LABELS):
        if not counts[label]:
            raise OneClassOnly(f"the {part} part has no image labelled {label}.")
    for label in sorted(LABELS):
        if counts[label] < least:
            raise TooFewCases(f"the {part} part has {counts[label]} images labelled {label}, of {least}.")


def _check_items(parts: Mapping[str, tuple[Item, ...]]) -> None:
    for item in itertools.chain.from_iterable(parts.values()):
        image = PurePosixPath(item["image"])
        if item["label"] not in LABELS or image.is_absolute() or ".." in image.parts:
            raise ValueError("an item is none")


def _check_files(dataset: DataSet) -> None:
    places = [(part, number) for part, items in dataset.parts.items() for number in range(1, len(items) + 1)]
    images = [item["image"] for items in dataset.parts.values() for item in items]
    listed = list(zip(places, images, strict=True))
    if missing := [place for place, image in listed if not (dataset.folder / image).is_file()]:
        raise ImagesMissing(f"{len(missing)} of {len(listed)}, {_first(missing)}.")
    counts = Counter(images)
    if twice := [place for place, image in listed if counts[image] > 1]:
        raise ImageListedTwice(f"{len(twice)} of {len(listed)} entries, {_first(twice)}.")


def _first(places: Sequence[tuple[str, int]]) -> str:
    """By its place: a file may be named after a patient."""
    part, number = places[0]
    return f"the first is number {number} of the {part} part"


def _check_patients(dataset: DataSet) -> None:
    people = {
        name: {item["patient"] for item in items if item.get("patient")} for name, items in dataset.parts.items()
    }
    for one, other in itertools.combinations(people, 2):
        if shared := len(people[one] & people[other]):
            raise PatientInTwoParts(f"{shared} {'is' if shared == 1 else 'are'} in {one} and in {other}.")
