"""A picture as the model takes it: grey values and the distance of its pixels, without a Data Set."""

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
