"""How an attempt at reading a study ended, as a value; the queue does what it says."""

from __future__ import annotations

from dataclasses import dataclass

from osteo_pacs import log
from osteo_pacs.errors import OsteoPacsError, PermanentError
from osteo_pacs.findings import StudyResult
from osteo_pacs.report import ReportDocument
from osteo_pacs.worker.destinations import Order


@dataclass(frozen=True, slots=True)
class Reported:
    """The study was read or refused; these documents say so, and these destinations want them."""

    result: StudyResult
    documents: tuple[ReportDocument, ...]
    orders: tuple[Order, ...]
    supersedes_id: int | None


@dataclass(frozen=True, slots=True)
class NothingToReport:
    """No instance is an AP spine, or this input set was read before; the study keeps the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed; ``is_permanent`` parks the job, else it is tried again."""

    reason: str
    is_permanent: bool


Outcome = Reported | NothingToReport | Failed


def failure(error: Exception) -> Failed:
    """What the queue keeps of an error: our own words, and of foreign errors the type alone.

    A library's message may quote a header's value.
    """
    is_ours = isinstance(error, OsteoPacsError)
    log.get_logger().warning("attempt_failed", exc_info=error)
    reason = str(error) if is_ours else f"unexpected {type(error).__name__}"
    return Failed(reason, is_permanent=isinstance(error, PermanentError))
