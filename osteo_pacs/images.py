"""A picture as the model takes it, and where in it a score came from; arrays without a Data Set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class GreyImage:
    """One picture, bright where a monitor would be bright.

    Attributes:
        pixels: float32, rows x columns, 0 (black) to 1 (white).
        spacing_mm: distance between rows and between columns; None where unknown.
    """

    pixels: npt.NDArray[np.float32]
    spacing_mm: tuple[float, float] | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Which regions of a picture drove what a model said of it; in pixels of the region that was analysed.

    Attributes:
        heat: float32, rows x columns, 0 (nothing) to 1 (most); all 0 where no region spoke for the result.
        seen: float32, rows x columns, 0 to 1: the grey that the model was given, as coarse as it was given it;
            0 where it was shown nothing, whatever the picture has there.
    """

    heat: npt.NDArray[np.float32]
    seen: npt.NDArray[np.float32]
