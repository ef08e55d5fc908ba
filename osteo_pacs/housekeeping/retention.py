"""What was received, and what was said of it, goes when its time has come or space is short; all of it is audited.

    keeper = Keeper(database, spool, rules, role="scheduler", clock=utc_now)
    gone = keeper.carry_out(keeper.plan())

Every study is judged again in the transaction that gives its files up, with its row locked: an instance that comes
at that moment came before, and holds the study, or comes after, and finds it without files. They are removed after
the commit; what a crash leaves has no row, and a listener that starts clears it away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from osteo_pacs.audit.events import quarantine_emptied, study_deleted
from osteo_pacs.audit.record import Participant
from osteo_pacs.clock import Clock, utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db import audit
from osteo_pacs.db.retention import StudyFacts, facts_of, forget, lock_studies, mark_removed
from osteo_pacs.db.session import Database, Session
from osteo_pacs.housekeeping.eligibility import Because, Policy, instances_due, report_due
from osteo_pacs.housekeeping.retention_plan import MIB, Going, Plan, Rules, What, make_plan
from osteo_pacs.log import get_logger
from osteo_pacs.spool import QUARANTINE, Spool

BATCH = 20
"""Studies to a transaction: on SQLite everyone who writes waits for it."""
AT_MOST = 200
"""Studies to a run of the scheduler, so that it ends in time; the next run goes on."""


@dataclass(slots=True)
class Gone:
    """How much has gone: studies whose instances were removed, studies forgotten, files of quarantine."""

    studies: int = 0
    instances: int = 0
    forgotten: int = 0
    quarantined: int = 0
    size_bytes: int = 0

    def add(self, going: Going) -> None:
        """One more."""
        self.studies += going.what is What.INSTANCES
        self.forgotten += going.what is What.STUDY
        self.instances += going.instances
        self.size_bytes += going.size_bytes


@dataclass(frozen=True, slots=True)
class Keeper:
    """Plans for one installation and carries plans out.

    Attributes:
        role: the process that does it, for the audit trail.
        by: the person who had it done; None where the process does by itself.
    """

    database: Database
    spool: Spool
    rules: Rules
    role: str
    clock: Clock
    by: Participant | None = None

    def plan(self, *, is_whole: bool = True) -> Plan:
        """The plan for now; see ``make_plan``."""
        return make_plan(self.database, self.spool, self.rules, self.clock(), is_whole=is_whole)

    def carry_out(self, plan: Plan, *, at_most: int | None = None) -> Gone:
        """Removes what the plan names and what still may go; for space alone no more than is missing.

        Raises:
            DatabaseUnavailable: another run does the rest.
        """
        gone = self._empty_quarantine(plan.quarantine)
        for batch in self._batches(plan.going[:at_most]):
            with self.database.write() as session:
                given_up = [*self._give_up(session, batch)]
            for going, paths in given_up:
                gone.add(going)
                self._remove(paths)
        return gone

    def _batches(self, going: Sequence[Going]) -> Iterator[list[Going]]:
        for start in range(0, len(going), BATCH):
            has_room = self.spool.free_bytes() >= self.rules.marks.high_free_mib * MIB
            batch = going[start : start + BATCH]
            if due := [one for one in batch if not (has_room and one.because is Because.SPACE)]:
                yield due

    def _give_up(self, session: Session, batch: Sequence[Going]) -> Iterator[tuple[Going, list[str]]]:
        """What goes of the batch, and the paths of its files."""
        planned = {going.study_id: going for going in batch}
        locked, now = lock_studies(session, list(planned)), self.clock()
        for study in facts_of(session, locked, now):
            going = replace(planned[study.study_id], instances=study.instances, size_bytes=study.size_bytes)
            if not _may_go(study, going, self.rules.policy, now):
                continue
            paths = []
            if going.what is What.STUDY:
                forget(session, study.study_id)
            else:
                paths = mark_removed(session, study.study_id, now)
            told = study_deleted(going.study_instance_uid, _told(going), now, role=self.role, by=self.by)
            audit.append(session, told)
            yield going, paths

    def _empty_quarantine(self, sizes: Mapping[str, int]) -> Gone:
        gone = Gone(quarantined=len(sizes), size_bytes=sum(sizes.values()))
        if sizes:
            what = f"quarantine removed because of age: {gone.quarantined} files, {gone.size_bytes} bytes"
            folder = self.spool.directory / QUARANTINE
            told = quarantine_emptied(folder, what, self.clock(), role=self.role, by=self.by)
            with self.database.write() as session:
                audit.append(session, told)
            self._remove(sizes)
        return gone

    def _remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            try:
                self.spool.remove(path)
            except OSError as error:
                # No row names it any more: the next start of a listener tries again.
                get_logger().warning("file_not_removed", path=path, error=error.strerror)


def retention(settings: Settings, database: Database, clock: Clock = utc_now) -> Callable[[], None]:
    """The scheduler's duty: carries out the plan of the moment, and tells how much has gone."""
    rules = Rules.of(settings)

    def keep_space() -> None:
        if not settings.spool.directory.is_dir():
            # Nothing was received yet; and a scheduler that made the folder would look at the wrong disk.
            return
        began_s = time.perf_counter()
        spool = Spool(settings.spool.directory)
        keeper = Keeper(database, spool, rules, "scheduler", clock)
        gone = keeper.carry_out(keeper.plan(is_whole=False), at_most=AT_MOST)
        free_bytes = spool.free_bytes()
        get_logger().info(
            "retention_ran",
            studies=gone.studies,
            instances=gone.instances,
            forgotten=gone.forgotten,
            quarantined=gone.quarantined,
            size_bytes=gone.size_bytes,
            free_mib=free_bytes // MIB,
            seconds=round(time.perf_counter() - began_s, 3),
        )
        if rules.missing_bytes(free_bytes):
            get_logger().warning("space_short", free_mib=free_bytes // MIB, limit=rules.marks.low_free_mib)

    return keep_space


def _may_go(study: StudyFacts, going: Going, policy: Policy, now: datetime) -> bool:
    """Whether what was planned still holds."""
    if going.what is What.STUDY:
        return not study.instances and report_due(study, policy, now) is Because.AGE
    verdict = instances_due(study, policy, now, is_short=going.because is Because.SPACE)
    return study.instances > 0 and isinstance(verdict, Because)


def _told(going: Going) -> str:
    """What goes, in the words of the plan."""
    count = f"{going.instances} instances, {going.size_bytes} bytes"
    return f"{going.what} removed because of {going.because}: {going.state}, {count}"
