"""What became of one instance that was to be stored at a destination, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """The destination answered C-STORE with this status (PS3.7 9.1.1.1.9)."""

    sop_instance_uid: str
    status: int


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request went out, wholly or in part, and no answer came: the instance may be there or not."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotConnected:
    """There was no association, so the instance is not there."""

    reason: str


@dataclass(frozen=True, slots=True)
class ContextRejected:
    """The destination associates, but takes none of these SOP Classes."""

    sop_class_uids: tuple[str, ...]


StoreOutcome = Answered | NoAnswer | NotConnected | ContextRejected
