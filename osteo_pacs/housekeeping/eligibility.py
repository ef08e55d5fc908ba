"""Whether something of a study may go: told from its facts alone.

A study that is held keeps everything, whatever its age and the space. One that is settled goes by the age of its
kind, or sooner when space is short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from osteo_pacs.config.retention import Retention
from osteo_pacs.db.retention import StudyFacts
from osteo_pacs.db.tables import JobKind, JobState
from osteo_pacs.jobs.states import LIVE


class Settled(StrEnum):
    """How a study stands of which something may go."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    NOTHING_TO_READ = "nothing_to_read"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Stays(StrEnum):
    """Why a study stays: the first five, whatever its age and the space."""

    RECEIVING = "receiving"
    IN_DATA_SET = "in_data_set"
    LABELLED = "labelled"
    UNPROCESSED = "unprocessed"
    UNDELIVERED = "undelivered"
    YOUNG = "young"
    FOR_EVER = "for_ever"


class Because(StrEnum):
    """Why something goes."""

    AGE = "age"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Policy:
    """The ages of ``[retention]``; None is for ever."""

    instances: Mapping[Settled, timedelta | None]
    reports: timedelta | None
    quarantine: timedelta | None
    pressure_states: frozenset[Settled]
    pressure_min: timedelta

    @classmethod
    def of(cls, rules: Retention) -> Self:
        """The policy of an installation."""
        ages = {settled: _age(getattr(rules, f"{settled}_days")) for settled in Settled}
        return cls(
            instances=ages,
            reports=_age(rules.reports_days),
            quarantine=_age(rules.quarantine_days),
            pressure_states=frozenset(map(Settled, rules.pressure_states)),
            pressure_min=timedelta(days=rules.pressure_min_days),
        )

    def soonest(self, *, is_short: bool) -> timedelta | None:
        """The age below which no instances go; None where none go at any age."""
        ages = [age for age in self.instances.values() if age is not None]
        return min([*ages, self.pressure_min] if is_short and self.pressure_states else ages, default=None)


def _age(days: float) -> timedelta | None:
    return timedelta(days=days) if days else None


def _is_receiving(study: StudyFacts) -> bool:
    return study.completed_at is None or study.has_open_association


def _newest_reading(study: StudyFacts) -> JobState | None:
    return next((job.state for job in reversed(study.jobs) if job.kind is JobKind.INFER), None)


def _is_unprocessed(study: StudyFacts) -> bool:
    if _newest_reading(study) is None:
        return True
    return any(job.kind is JobKind.INFER and job.state in LIVE for job in study.jobs)


def _is_undelivered(study: StudyFacts) -> bool:
    # A report that no destination gets has been sent to no one; a refusal that nobody wants is not to be sent.
    if study.outcome not in {None, "refused"} and not study.deliveries:
        return True
    return any(job.kind is JobKind.DELIVER and job.state in LIVE for job in study.jobs)


_HOLDS: tuple[tuple[Stays, Callable[[StudyFacts], bool]], ...] = (
    (Stays.RECEIVING, _is_receiving),
    (Stays.IN_DATA_SET, lambda study: study.is_in_data_set),
    (Stays.LABELLED, lambda study: study.is_labelled),
    (Stays.UNPROCESSED, _is_unprocessed),
    (Stays.UNDELIVERED, _is_undelivered),
)


def standing(study: StudyFacts) -> Settled | Stays:
    """How the study stands: why it is held, or what it has settled as."""
    for stays, holds in _HOLDS:
        if holds(study):
            return stays
    if any(job.state is JobState.PARKED for job in study.jobs):
        return Settled.PARKED
    if _newest_reading(study) is JobState.CANCELLED:
        return Settled.CANCELLED
    if study.outcome is None:
        return Settled.NOTHING_TO_READ
    if study.deliveries and JobState.COMPLETED not in study.deliveries:
        return Settled.CANCELLED
    return Settled.REFUSED if study.outcome == "refused" else Settled.DELIVERED


def instances_due(study: StudyFacts, policy: Policy, now: datetime, *, is_short: bool) -> Because | Stays:
    """Why the study's instances go now, or why they stay."""
    settled = standing(study)
    if isinstance(settled, Stays):
        return settled
    idle, age = now - study.active_at, policy.instances[settled]
    if age is not None and idle >= age:
        return Because.AGE
    if is_short and settled in policy.pressure_states and idle >= policy.pressure_min:
        return Because.SPACE
    return Stays.FOR_EVER if age is None else Stays.YOUNG


def report_due(study: StudyFacts, policy: Policy, now: datetime) -> Because | Stays:
    """Why the study, whose instances are gone, is forgotten now, or why it stays."""
    settled = standing(study)
    if isinstance(settled, Stays):
        return settled
    if policy.reports is None:
        return Stays.FOR_EVER
    return Because.AGE if now - study.active_at >= policy.reports else Stays.YOUNG
