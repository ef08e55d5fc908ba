"""What the model said of a study: frozen values without a tensor or a Data Set in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from osteo_pacs.dicom.codes import CodedConcept

__all__ = [
    "CodedConcept",
    "Finding",
    "InstanceRef",
    "ModelVersion",
    "Outcome",
    "Reading",
    "Refusal",
    "RefusalReason",
    "Region",
    "StudyResult",
    "input_digest",
]


class Outcome(StrEnum):
    """A study's answer, as the series description and the command line name it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class InstanceRef:
    """An instance by its UIDs, as a report refers to it (PS3.3 C.17.2.1)."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in source pixels; ``left`` and ``top`` lie inside it, ``right`` and ``bottom`` just outside.

    Columns count from the left edge of the image and rows from its top, both from 0 (PS3.3 C.18.6.1.1).
    """

    left: int
    top: int
    right: int
    bottom: int


class RefusalReason(StrEnum):
    """Why an image was not read. The value is what the database and the command line show."""

    NOT_SELECTED = "not_selected"
    UNDER_AGE = "under_age"
    NO_PIXELS = "no_pixels"
    UNREADABLE_PIXELS = "unreadable_pixels"
    IMAGE_TOO_SMALL = "image_too_small"
    IMAGE_TOO_LARGE = "image_too_large"
    NO_CONTRAST = "no_contrast"
    POOR_COVERAGE = "poor_coverage"
    UNLIKE_TRAINING_IMAGES = "unlike_training_images"

    @property
    def is_about_quality(self) -> bool:
        """True where the picture itself was the obstacle, so that the radiologist should hear of it."""
        return self not in {RefusalReason.NOT_SELECTED, RefusalReason.UNDER_AGE}


@dataclass(frozen=True, slots=True)
class Finding:
    """One image that was read: ``probability`` (0 to 1, calibrated) of the model's positive class."""

    instance: InstanceRef
    rows: int
    columns: int
    region: Region
    probability: float
    is_positive: bool
    age_is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """One image that was selected but not read, with a sentence that the radiologist understands.

    ``rows`` and ``columns`` are 0 where the header does not tell them.
    """

    instance: InstanceRef
    rows: int
    columns: int
    reason: RefusalReason
    sentence: str


Reading = Finding | Refusal


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """The model that read, as the bundle's metadata states it; the report's words come from here.

    Attributes:
        name: the algorithm's name (111001 DCM), at most 64 characters.
        manufacturer: who made it (121014 DCM).
        version: the bundle's version (111003 DCM).
        weights_sha256: digest of the weights, hexadecimal.
        threshold: the operating point on the calibrated probability, 0 to 1.
        calibration: how the probability was calibrated, in a few words.
        positive_class: the coded concept whose presence is judged, e.g. (64859006, SCT, Osteoporosis).
        label_definition: what the class means, one sentence.
        limitations: what the reader must know, one sentence each.
        is_demonstration: True for weights that were trained on simulated images.
    """

    name: str
    manufacturer: str
    version: str
    weights_sha256: str
    device_uid: str
    threshold: float
    calibration: str
    positive_class: CodedConcept
    label_definition: str
    limitations: tuple[str, ...] = ()
    is_demonstration: bool = True


@dataclass(frozen=True, slots=True)
class StudyResult:
    """All readings of a study by one model version, in the order of the instances' numbers."""

    study_instance_uid: str
    model: ModelVersion
    readings: tuple[Reading, ...] = field(default=())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The images that were read."""
        return tuple(reading for reading in self.readings if isinstance(reading, Finding))

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The images that were selected but not read."""
        return tuple(reading for reading in self.readings if isinstance(reading, Refusal))

    @property
    def probability(self) -> float | None:
        """The highest probability of the images that were read."""
        return self.leading.probability if self.leading else None

    @property
    def leading(self) -> Finding | None:
        """The finding that the outcome rests on: the one of the highest probability."""
        return max(self.findings, key=lambda finding: finding.probability, default=None)

    @property
    def outcome(self) -> Outcome:
        """Positive when any image is, negative when one was read and none is positive, else refused."""
        if not self.findings:
            return Outcome.REFUSED
        return Outcome.POSITIVE if any(f.is_positive for f in self.findings) else Outcome.NEGATIVE


def input_digest(sop_instance_uids: list[str], repetition: int = 0) -> str:
    """Names a set of instances: sha256 of their sorted UIDs, hexadecimal.

    Each ``repetition`` that a person asks for has a name of its own.
    """
    named = [*sorted(sop_instance_uids), *([f"repetition {repetition}"] if repetition else [])]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()
