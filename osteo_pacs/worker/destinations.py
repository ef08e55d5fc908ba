"""What each destination wants: which documents, and whether a refusal is worth one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from osteo_pacs.config import Destination
from osteo_pacs.findings import Outcome, StudyResult
from osteo_pacs.report import DocumentKind

SR_KINDS = {
    "auto": (DocumentKind.COMPREHENSIVE_3D_SR, DocumentKind.COMPREHENSIVE_SR),
    "88.34": (DocumentKind.COMPREHENSIVE_3D_SR,),
    "88.33": (DocumentKind.COMPREHENSIVE_SR,),
    "88.22": (DocumentKind.ENHANCED_SR,),
}
"""By ``sr_sop_class``: the SR's kinds in the order of preference; the destination gets the first it takes."""

KEPT_KINDS = frozenset({DocumentKind.COMPREHENSIVE_3D_SR, DocumentKind.TEXT_SR})
"""Built where no destination asks for a report, so that the database has it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What one destination gets of a report."""

    destination: str
    sr_kinds: tuple[DocumentKind, ...]
    companions: tuple[DocumentKind, ...]

    @property
    def kinds(self) -> frozenset[DocumentKind]:
        """Everything that has to be built for it."""
        return frozenset(self.sr_kinds + self.companions)


def orders_for(
    result: StudyResult, destinations: Iterable[Destination], *, has_picture: bool = False
) -> tuple[Order, ...]:
    """One order for each destination that wants this result; ``has_picture`` where there is one to be sent."""
    wanting = (destination for destination in destinations if wants(destination, result))
    return tuple(_order(each, has_picture=has_picture and each.picture) for each in wanting)


def wants_picture(result: StudyResult, destinations: Iterable[Destination]) -> bool:
    """Whether a picture of this result would be sent to any destination; a refusal has nothing to show."""
    is_read = result.leading is not None
    return is_read and any(each.picture and wants(each, result) for each in destinations)


def wants(destination: Destination, result: StudyResult) -> bool:
    """Whether the destination wants a report of this result, by its ``report_on_refusal``."""
    if result.outcome is not Outcome.REFUSED:
        return True
    match destination.report_on_refusal:
        case "always":
            return True
        case "quality_only":
            return any(refusal.reason.is_about_quality for refusal in result.refusals)
        case "never":
            return False


def _order(destination: Destination, *, has_picture: bool) -> Order:
    """The SRs of an order refer to the picture if and only if the order has it."""
    srs = SR_KINDS[destination.sr_sop_class]
    picture = (DocumentKind.PICTURE,) if has_picture else ()
    text = (DocumentKind.TEXT_SR,) if destination.text_twin else ()
    return Order(destination.name, tuple(sr.with_picture for sr in srs) if has_picture else srs, picture + text)
