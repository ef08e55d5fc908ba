"""What the model says of one picture."""

from __future__ import annotations

from dataclasses import dataclass

from osteo_pacs.findings import RefusalReason, Region


@dataclass(frozen=True, slots=True)
class Prediction:
    """A picture that was read: the calibrated probability of the positive class, and what was analysed."""

    rows: int
    columns: int
    region: Region
    probability: float
    is_positive: bool


@dataclass(frozen=True, slots=True)
class RefusedImage:
    """A picture that the model does not read, with a sentence for the radiologist."""

    rows: int
    columns: int
    reason: RefusalReason
    sentence: str
