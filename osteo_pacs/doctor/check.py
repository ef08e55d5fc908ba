"""One thing that was looked at, and the limit of time within which looking must end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from osteo_pacs.errors import OsteoPacsError


@dataclass(frozen=True, slots=True)
class Check:
    """``name`` of what was looked at, what was seen, and what to do about it where it is not right."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def passed(name: str, detail: str) -> Check:
    """It is right."""
    return Check(name, ok=True, detail=detail)


def failed(name: str, detail: str, remedy: str) -> Check:
    """It is wrong, and this is how to mend it."""
    return Check(name, ok=False, detail=detail, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Examination:
    """A check that is still to be made, within ``limit_s`` seconds."""

    name: str
    look: Callable[[], Check]
    limit_s: float = 10.0


def examine(examination: Examination) -> Check:
    """Looks; an error, or no answer in time, is a failed check.

    The thread of a look that hangs is left behind: it ends with the program.
    """
    seen: list[Check] = []
    thread = threading.Thread(target=lambda: seen.append(_look(examination)), daemon=True)
    thread.start()
    thread.join(examination.limit_s)
    if seen:
        return seen[0]
    return failed(
        examination.name,
        f"no answer within {examination.limit_s:g} s",
        "Something that it waits for hangs: a network folder, a device or a peer.",
    )


def _look(examination: Examination) -> Check:
    try:
        return examination.look()
    except OsteoPacsError as error:
        return failed(examination.name, error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide the others
        return failed(examination.name, f"{type(error).__name__}: {error}", "Please report this as a bug.")
