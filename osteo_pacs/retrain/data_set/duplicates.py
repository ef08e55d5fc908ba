"""Pictures that are the same, or nearly: such pictures belong on one side of every split.

The same pixels are told by their digest. Nearly the same, as a copy that was compressed or scaled, by a difference
hash: the crop at 16 x 17 grey values, a bit for each step to the right that rises (N. Krawetz, "Kind of Like
That", hackerfactor.com, 2013).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

ROWS, COLUMNS = 16, 16
NEAR = 20
"""Bits of 256 that may differ. Of 60 simulated spines, copies differ in 12 at most, other spines in 38."""

Key = TypeVar("Key", bound=Hashable)
Bits = npt.NDArray[np.uint8]


def difference_hash(scan: npt.NDArray[np.float32]) -> Bits:
    """256 bits, packed, of a crop of shape (rows, columns), 0 to 1."""
    picture = Image.fromarray(np.ascontiguousarray(scan, dtype=np.float32), mode=None)
    small = np.asarray(picture.resize((COLUMNS + 1, ROWS), Image.Resampling.BOX))
    bits: Bits = np.packbits(small[:, 1:] > small[:, :-1])
    return bits


def near_pairs(hashes: Sequence[Bits]) -> Iterable[tuple[int, int]]:
    """Places of the pictures that are nearly the same, each pair once."""
    if not hashes:
        return
    table = np.stack(hashes)
    for place in range(len(table) - 1):
        differing = np.bitwise_count(table[place + 1 :] ^ table[place]).sum(axis=1)
        yield from ((place, place + 1 + int(other)) for other in np.flatnonzero(differing <= NEAR))


def joined(keys: Iterable[Key], pairs: Iterable[tuple[Key, Key]]) -> list[frozenset[Key]]:
    """The keys in groups: those of a pair stand in one group."""
    groups: dict[Key, set[Key]] = {key: {key} for key in keys}
    for one, other in pairs:
        mine, theirs = groups[one], groups[other]
        if mine is theirs:
            continue
        small, large = sorted((mine, theirs), key=len)
        large |= small
        for key in small:
            groups[key] = large
    return [frozenset(group) for group in {id(group): group for group in groups.values()}.values()]
