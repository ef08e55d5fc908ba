"""One station of the way: what was seen there, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A station.

    Attributes:
        name: of the station.
        ok: whether the study was there.
        detail: what was seen.
        remedy: what to do where it is not right.
        proves: what follows from it, as a sentence; empty where nothing does.
        leaves_open: what does not, as a sentence.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    proves: str = ""
    leaves_open: str = ""
    seconds: float = 0.0
