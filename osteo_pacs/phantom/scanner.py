"""The scanners that the phantom imitates: whose BMD scale they use and how large their pictures are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Make(StrEnum):
    """A manufacturer: BMD of the two makes is not on one scale."""

    GE = "ge"
    HOLOGIC = "hologic"


class ScannerStyle(StrEnum):
    """A scanner whose pictures and headers the phantom imitates."""

    GE_IDXA = "ge-idxa"
    GE_PRODIGY = "ge-prodigy"
    HOLOGIC = "hologic"


@dataclass(frozen=True, slots=True)
class Scanner:
    """What a picture owes to the machine.

    Attributes:
        make: whose BMD scale and young-adult reference apply.
        manufacturer: (0008,0070) Manufacturer.
        model: (0008,1090) Manufacturer's Model Name.
        software: (0018,1020) Software Versions.
        sample_mm: distance of the samples that the machine takes, rows then columns, in mm.
        noise_g_cm2: standard deviation of one sample's areal density behind 20 cm of tissue.
        blur_mm: standard deviation of the point spread.
        white: the areal density, in g/cm2, at which the tone curve has used 63 % of its grey levels.
        black: the areal density that soft tissue appears to have.
    """

    make: Make
    manufacturer: str
    model: str
    software: str
    sample_mm: tuple[float, float]
    noise_g_cm2: float
    blur_mm: float
    white: float
    black: float


SCANNERS: dict[ScannerStyle, Scanner] = {
    ScannerStyle.GE_IDXA: Scanner(
        make=Make.GE,
        manufacturer="GE Healthcare",
        model="Lunar iDXA",
        software="18.20.058",
        sample_mm=(0.5, 0.5),
        noise_g_cm2=0.045,
        blur_mm=0.55,
        white=1.15,
        black=0.13,
    ),
    ScannerStyle.GE_PRODIGY: Scanner(
        make=Make.GE,
        manufacturer="GE Healthcare",
        model="Lunar Prodigy Advance",
        software="16.10.151",
        sample_mm=(1.05, 0.60),
        noise_g_cm2=0.045,
        blur_mm=0.75,
        white=1.05,
        black=0.17,
    ),
    ScannerStyle.HOLOGIC: Scanner(
        make=Make.HOLOGIC,
        manufacturer="HOLOGIC",
        model="Horizon A",
        software="5.6.0.5",
        sample_mm=(1.0, 0.5),
        noise_g_cm2=0.060,
        blur_mm=0.70,
        white=1.20,
        black=0.34,
    ),
}
