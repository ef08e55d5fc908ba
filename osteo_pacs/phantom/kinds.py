"""The kinds of picture that the phantom makes, and the truth that goes with each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from osteo_pacs.findings import Region
from osteo_pacs.phantom.patient import Patient
from osteo_pacs.phantom.scanner import ScannerStyle


class PhantomKind(StrEnum):
    """What a picture shows. Only ``AP_SPINE`` may be read for osteoporosis."""

    AP_SPINE = "ap-spine"
    SPINE_HARDWARE = "spine-hardware"
    SPINE_UPSIDE_DOWN = "spine-upside-down"
    SPINE_TURNED = "spine-turned"
    SPINE_NEGATIVE = "spine-negative"
    FEMUR_LEFT = "femur-left"
    FEMUR_RIGHT = "femur-right"
    LATERAL_SPINE = "lateral-spine"
    TOTAL_BODY = "total-body"
    KNEE_LEFT = "knee-left"
    KNEE_RIGHT = "knee-right"
    FOREARM = "forearm"
    CHEST = "chest"
    REPORT_PAGE = "report-page"
    NOISE = "noise"


OUT_OF_SCOPE = tuple(kind for kind in PhantomKind if kind is not PhantomKind.AP_SPINE)
"""Kinds that must be refused, whatever they seem to show."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of one picture.

    Attributes:
        kind: what it shows.
        scanner: whose style it has.
        patient: who it shows; of a kind that shows nobody, None.
        regions: where L1, L2, L3, L4 lie in pixels of the picture; empty for other kinds than spines.
        has_overlay: True where lines and labels are burned in.
    """

    kind: PhantomKind
    scanner: ScannerStyle
    patient: Patient | None
    regions: tuple[Region, ...] = ()
    has_overlay: bool = False

    @property
    def is_readable(self) -> bool:
        """True for the one kind that may be read."""
        return self.kind is PhantomKind.AP_SPINE

    @property
    def is_osteoporotic(self) -> bool | None:
        """The label; None where the picture must be refused."""
        return self.patient.is_osteoporotic if self.patient and self.is_readable else None

    @property
    def t_score(self) -> float | None:
        """The true T-score; None where the picture must be refused."""
        return self.patient.t_score if self.patient and self.is_readable else None

    @property
    def confounders(self) -> tuple[str, ...]:
        """Names of what makes a spine picture harder to read."""
        return self.patient.confounders.names if self.patient and self.is_readable else ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON, the values that a table of results needs."""
        patient = self.patient
        return {
            "kind": self.kind.value,
            "scanner": self.scanner.value,
            "is_osteoporotic": self.is_osteoporotic,
            "t_score": _rounded(self.t_score),
            "z_score": _rounded(patient.z_score) if patient and self.is_readable else None,
            "bmd_g_cm2": [_rounded(bmd) for bmd in patient.bmd_g_cm2] if patient and self.is_readable else None,
            "l1_l4_bmd_g_cm2": _rounded(patient.l1_l4_bmd_g_cm2) if patient and self.is_readable else None,
            "sex": patient.sex.value if patient else None,
            "age_years": patient.age_years if patient else None,
            "confounders": list(self.confounders),
            "regions": [[r.left, r.top, r.right, r.bottom] for r in self.regions],
            "has_overlay": self.has_overlay,
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
