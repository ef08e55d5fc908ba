"""The simulator on every core: pictures follow from their seeds alone, so that it matters not who draws them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

Drawn = TypeVar("Drawn")

FEW = 64
"""So many seeds are done before other processes have started."""
CHUNK = 16
CHUNKS_AHEAD = 4
"""For each core; what was drawn and not yet taken is kept in memory."""


def in_processes(draw: Callable[[int], Drawn], seeds: Sequence[int]) -> Iterator[Drawn]:
    """What ``draw`` makes of each seed, in their order; it and what it returns must be picklable.

    A few seeds are drawn in this process, more of them in one process for each core.
    """
    cores = len(os.sched_getaffinity(0))
    if len(seeds) <= FEW or cores == 1:
        yield from map(draw, seeds)
        return
    # A forked process would inherit threads' locks, of PyTorch's for one.
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = iter(seeds)
        while window := list(islice(waiting, cores * CHUNK * CHUNKS_AHEAD)):
            yield from pool.map(draw, window, chunksize=CHUNK)
