"""From areal density to grey: quantum noise behind thick tissue, point spread, tone curve and window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osteo_pacs.phantom.filters import blur
from osteo_pacs.phantom.grid import Grid, Plane
from osteo_pacs.phantom.scanner import SCANNERS, Scanner, ScannerStyle

_WINDOW_SCATTER = 0.06
_TISSUE_PER_CM = 0.18


@dataclass(frozen=True, slots=True)
class ToneCurve:
    """Grey of an areal density: 255 (1 - exp(-gain * density)). Monotone, so denser bone is always brighter.

    One gain holds for a whole picture and scales soft tissue and bone alike: like a reader, one has to
    compare the bone with the soft tissue beside it.
    """

    gain: float

    @classmethod
    def draw(cls, scanner: Scanner, rng: np.random.Generator) -> ToneCurve:
        """The scanner's curve with the picture's own window."""
        return cls(float(rng.lognormal(0, _WINDOW_SCATTER)) / scanner.white)

    def grey(self, density: Plane) -> npt.NDArray[np.uint8]:
        """Grey values 0 to 255."""
        lost = np.exp(np.maximum(density, 0) * np.float32(-self.gain))
        grey: npt.NDArray[np.uint8] = (np.float32(255.5) - np.float32(255) * lost).astype(np.uint8)
        return grey

    def density(self, grey: npt.NDArray[np.uint8]) -> Plane:
        """The areal density that shows as this grey; the inverse of :meth:`grey` up to rounding."""
        shown = np.minimum(grey.astype(np.float32), np.float32(254.5)) / np.float32(255)
        return (-np.log1p(-shown) / np.float32(self.gain)).astype(np.float32)


def expose(density: Plane, style: ScannerStyle, grid: Grid, tissue_cm: float, rng: np.random.Generator) -> Plane:
    """The density that the detector reports, sample by sample.

    Noise grows with what is left of the beam: as exp(mu * thickness / 2), more behind bone, and it is a little
    correlated along the scan line, as in fan-beam pictures.
    """
    scanner = SCANNERS[style]
    seen = blur(density, scanner.blur_mm / grid.row_mm, scanner.blur_mm / grid.column_mm)
    sigma = scanner.noise_g_cm2 * float(np.exp(_TISSUE_PER_CM / 2 * (tissue_cm - 20)))
    noise = rng.standard_normal(seen.shape, dtype=np.float32)
    noise[:, 1:] += np.float32(0.35) * noise[:, :-1]
    seen += noise * (np.float32(sigma) * (1 + np.float32(0.25) * np.maximum(seen, 0)))
    return seen
