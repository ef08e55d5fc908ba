"""What would go now and why, and what stays and why. Looks and changes nothing.

What has reached its age goes in any case. When space is short, the instances of settled studies go before that,
the study first that was heard of longest ago, until there is room again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from osteo_pacs.config import Settings
from osteo_pacs.config.retention import Watermarks
from osteo_pacs.db.retention import StudyFacts, walk
from osteo_pacs.db.session import Database
from osteo_pacs.housekeeping.eligibility import (
    Because,
    Policy,
    Stays,
    instances_due,
    report_due,
    standing,
)
from osteo_pacs.spool import Spool

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Rules:
    """The ages and the watermarks of an installation."""

    policy: Policy
    marks: Watermarks

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the configuration says."""
        return cls(Policy.of(settings.retention), settings.watermarks)

    def missing_bytes(self, free_bytes: int) -> int:
        """The bytes that are to be freed: none above the low mark, below it all up to the high one."""
        is_short = free_bytes < self.marks.low_free_mib * MIB
        return self.marks.high_free_mib * MIB - free_bytes if is_short else 0


class What(StrEnum):
    """What of a study goes."""

    INSTANCES = "instances"
    STUDY = "study"


@dataclass(frozen=True, slots=True)
class Going:
    """What goes of a study; ``state`` is what it has settled as, ``size_bytes`` are those of its instances."""

    study_id: int
    study_instance_uid: str
    what: What
    because: Because
    state: str
    active_at: datetime
    instances: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Staying:
    """Studies that keep their instances for one reason."""

    reason: Stays
    studies: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go, in this order, with the sizes of quarantine's files; ``staying`` is a whole plan's alone."""

    going: tuple[Going, ...]
    staying: tuple[Staying, ...]
    quarantine: dict[str, int]
    free_bytes: int

    @property
    def size_bytes(self) -> int:
        """What would be freed."""
        return sum(going.size_bytes for going in self.going) + sum(self.quarantine.values())


def make_plan(database: Database, spool: Spool, rules: Rules, now: datetime, *, is_whole: bool = True) -> Plan:
    """The plan for now; one that is not whole passes over what is too young to go, and is made sooner."""
    policy, free_bytes = rules.policy, spool.free_bytes()
    quarantine = spool.quarantined(before=now - policy.quarantine) if policy.quarantine else {}
    walker = _Walker(database, policy, now, is_whole=is_whole)
    old, staying = _by_age(walker)
    missing_bytes = rules.missing_bytes(free_bytes) - sum(quarantine.values()) - sum(s.size_bytes for s in old)
    spare = _for_space(walker, missing_bytes)
    for study in spare if is_whole else ():
        staying.take(walker.verdict(study, is_short=False), study)
    going = (
        *(_going(study, What.INSTANCES, Because.AGE) for study in old),
        *(_going(study, What.INSTANCES, Because.SPACE) for study in spare),
        *(_going(study, What.STUDY, Because.AGE) for study in walker.forgettable()),
    )
    return Plan(going, staying.rows(), quarantine, free_bytes)


@dataclass(frozen=True, slots=True)
class _Walker:
    """Walks the studies, and judges them by a policy."""

    database: Database
    policy: Policy
    now: datetime
    is_whole: bool

    def studies(self, *, is_short: bool) -> Iterator[StudyFacts]:
        """Those with instances, the one first that was heard of longest ago."""
        soonest = self.policy.soonest(is_short=is_short)
        if self.is_whole:
            return walk(self.database, self.now, has_files=True)
        if soonest is None:
            return iter(())
        return walk(self.database, self.now, has_files=True, before=self.now - soonest)

    def forgettable(self) -> Iterator[StudyFacts]:
        """Those without instances whose time is over."""
        if self.policy.reports is None:
            return
        for study in walk(self.database, self.now, has_files=False, before=self.now - self.policy.reports):
            if report_due(study, self.policy, self.now) is Because.AGE:
                yield study

    def verdict(self, study: StudyFacts, *, is_short: bool) -> Because | Stays:
        return instances_due(study, self.policy, self.now, is_short=is_short)


class _Tallies:
    """Counts what stays, by the reason."""

    def __init__(self) -> None:
        self._studies: Counter[Because | Stays] = Counter()
        self._bytes: Counter[Because | Stays] = Counter()

    def add(self, reason: Stays, study: StudyFacts) -> None:
        self._studies[reason] += 1
        self._bytes[reason] += study.size_bytes

    def take(self, reason: Because | Stays, study: StudyFacts) -> None:
        self._studies[reason] -= 1
        self._bytes[reason] -= study.size_bytes

    def rows(self) -> tuple[Staying, ...]:
        counted = ((reason, self._studies[reason], self._bytes[reason]) for reason in Stays)
        return tuple(Staying(*row) for row in counted if row[1])


def _by_age(walker: _Walker) -> tuple[list[StudyFacts], _Tallies]:
    old, staying = [], _Tallies()
    for study in walker.studies(is_short=False):
        verdict = walker.verdict(study, is_short=False)
        if isinstance(verdict, Stays):
            staying.add(verdict, study)
        else:
            old.append(study)
    return old, staying


def _for_space(walker: _Walker, missing_bytes: int) -> list[StudyFacts]:
    spare: list[StudyFacts] = []
    for study in walker.studies(is_short=True) if missing_bytes > 0 else ():
        if walker.verdict(study, is_short=True) is Because.SPACE:
            spare.append(study)
            missing_bytes -= study.size_bytes
        if missing_bytes <= 0:
            break
    return spare


def _going(study: StudyFacts, what: What, because: Because) -> Going:
    return Going(
        study_id=study.study_id,
        study_instance_uid=study.study_instance_uid,
        what=what,
        because=because,
        state=str(standing(study)),
        active_at=study.active_at,
        instances=study.instances,
        size_bytes=study.size_bytes,
    )
