"""What a model has seen: digests of the images and patients that it was made from, sealed within its bundle.

The gate compares them with the test part. A digest of a guessable name can be guessed: data sets name people
otherwise than hospitals do. A model that goes on from another has seen what that one saw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from osteo_pacs.retrain.data_set.checked import FITTED, DataSet
from osteo_pacs.retrain.data_set.manifest import sha256_of
from osteo_pacs.sealed import BundleTampered, Sealed

EXPOSURE = "configs/training_data.json"


@dataclass(frozen=True, slots=True)
class Exposure:
    """Digests, sha256 in hexadecimal: of files, and of the names that a data set gives to people."""

    images: frozenset[str] = frozenset()
    patients: frozenset[str] = frozenset()

    def __or__(self, other: Exposure) -> Exposure:
        """What either has seen."""
        return Exposure(self.images | other.images, self.patients | other.patients)


def exposure_of(dataset: DataSet, parts: Iterable[str] = FITTED) -> Exposure:
    """What some parts of a data set would show."""
    items = [item for part in parts for item in dataset.parts.get(part, ())]
    return Exposure(
        frozenset(sha256_of(dataset.path(item)) for item in items),
        frozenset(
            hashlib.sha256(str(item["patient"]).encode()).hexdigest() for item in items if item.get("patient")
        ),
    )


def add_exposure(bundle: Path, seen: Exposure, *, goes_on: bool) -> None:
    """Puts it where sealing finds it; a model that ``goes_on`` has seen what stands there, too."""
    path = bundle / EXPOSURE
    if goes_on and path.exists():
        seen |= _parse(path.read_bytes())
    content = {"images": sorted(seen.images), "patients": sorted(seen.patients)}
    path.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")


def read_exposure(sealed: Sealed) -> Exposure | None:
    """What a bundle says that it has seen; None where it says nothing.

    Raises:
        BundleTampered: it says nonsense.
    """
    if EXPOSURE not in sealed.files:
        return None
    try:
        return _parse(sealed.read(EXPOSURE))
    except (ValueError, KeyError, TypeError) as error:
        raise BundleTampered(f"{EXPOSURE} of {sealed.folder} is none") from error


def _parse(content: bytes) -> Exposure:
    found = json.loads(content)
    return Exposure(frozenset(found["images"]), frozenset(found["patients"]))
