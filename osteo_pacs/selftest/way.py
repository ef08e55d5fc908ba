"""The stations in their order; each is waited for, and the first that fails ends the way.

test = SelfTest(settings, database, destinations, timeout_s=180)
for step in test.run(folder):
    ...                     # as it is made; then test.study_instance_uid says which study it was
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from osteo_pacs.clock import Clock, utc_now
from osteo_pacs.config import Destination, Settings
from osteo_pacs.db.deliveries import DeliverySummary, list_deliveries, taken_documents
from osteo_pacs.db.reports import ReportSummary, list_reports
from osteo_pacs.db.retention import files_of
from osteo_pacs.db.session import Database
from osteo_pacs.deliver.ourselves import own_calling_ae_title, own_listener
from osteo_pacs.deliver.push import part10_files, push
from osteo_pacs.deliver.query import Found, NotAsked, Place, find
from osteo_pacs.deliver.scu import peer_of
from osteo_pacs.jobs.listing import paused_subjects
from osteo_pacs.jobs.progress import InstanceSummary, StudySummary, find_study, list_instances
from osteo_pacs.selftest.patient import KINDS, write_selftest_study
from osteo_pacs.selftest.step import Step

T = TypeVar("T")
LOOK_EVERY_S = 0.2
STORE_TIMEOUT_S = 60.0
INDEXED_WITHIN_S = 10.0
"""How long a PACS may take to find what it has acknowledged."""
CALLING_AE_TITLE = "OSTEO_SELFTEST"
ENDED = frozenset({"parked", "cancelled"})


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database has of the study."""

    study: StudySummary
    instances: list[InstanceSummary]
    reports: list[ReportSummary]
    deliveries: list[DeliverySummary]


@dataclass(slots=True)
class SelfTest:
    """One test of one installation; ``destinations`` are those that are waited for and asked."""

    settings: Settings
    database: Database
    destinations: Sequence[Destination]
    timeout_s: float
    new_uid: Callable[[], str]
    clock: Clock = utc_now
    study_instance_uid: str = ""
    _ends_s: float = field(default=0.0, init=False)

    def run(self, folder: Path) -> Iterator[Step]:
        """Sends a study from ``folder`` and follows it; the last step is the one that failed, if one did."""
        self._ends_s = time.monotonic() + self.timeout_s
        stations = (
            lambda: self._send(folder),
            self._received,
            self._read,
            self._reported,
            *(step for each in self.destinations for step in self._stations_of(each)),
        )
        for station in stations:
            began_s = time.monotonic()
            step = station()
            yield replace(step, seconds=round(time.monotonic() - began_s, 3))
            if not step.ok:
                return

    def _stations_of(self, destination: Destination) -> tuple[Callable[[], Step], Callable[[], Step]]:
        return (lambda: self._delivered(destination)), (lambda: self._checked(destination))

    def _send(self, folder: Path) -> Step:
        listener = self.settings.listener
        min_age_years = self.settings.worker.min_age_years
        now = self.clock().astimezone()
        self.study_instance_uid = write_selftest_study(
            folder, min_age_years=min_age_years, now=now, new_uid=self.new_uid
        )
        ours = own_calling_ae_title(listener, CALLING_AE_TITLE)
        files = part10_files(folder)
        pushed = list(push(files, peer_of(own_listener(listener), ours), timeout_s=STORE_TIMEOUT_S))
        where = f"{listener.ae_title} at {listener.local_host}:{listener.port}, as {ours}"
        if failed := next((one for one in pushed if not one.is_stored), None):
            return Step("sent", ok=False, detail=f"{where}: {failed.detail}", remedy=self._why_not_taken(ours))
        return Step(
            "sent",
            ok=True,
            detail=f"{where}: {len(pushed)} instances by C-STORE, each answered with Success",
            proves="The listener admits this machine, and acknowledges what it is sent.",
        )

    def _why_not_taken(self, ours: str) -> str:
        listener = self.settings.listener
        if not listener.takes_this_machine:
            return f"Add {listener.local_host} to [listener] addresses, and start `osteo-pacs serve` again."
        return (
            f"Does `osteo-pacs serve` run? It must admit {ours}: [listener] calling_ae_titles, and tls_ae_titles "
            "where it speaks TLS."
        )

    def _received(self) -> Step:
        rows = self._wait(lambda rows: rows if rows and len(rows.instances) == len(KINDS) else None)
        if rows is None:
            remedy = "Is the listener's database another one than that of [database] url?"
            return self._late("received", remedy)
        with self.database.read() as session:
            paths = files_of(session, rows.study.study_id).values()
        if lost := [path for path in paths if not (self.settings.spool.directory / path).is_file()]:
            remedy = "Is the listener's spool another one than [spool] directory?"
            return Step("received", ok=False, detail=f"{len(lost)} files are not in the spool", remedy=remedy)
        return Step(
            "received",
            ok=True,
            detail=f"{len(rows.instances)} instances in the database and the spool",
            proves="What is acknowledged is kept.",
        )

    def _read(self) -> Step:
        rows = self._wait(lambda rows: rows if rows and _is_read(rows) else None)
        if rows is None:
            return self._late("read", "Is a scheduler there, and a worker? `osteo-pacs status` tells.")
        if not rows.reports:
            why = rows.study.result_reason or rows.study.state
            shown = f"`osteo-pacs study show {self.study_instance_uid}`"
            remedy = f"{shown} tells why; [selection] must read AP spines of GE scanners."
            return Step("read", ok=False, detail=f"it was not read: {why}", remedy=remedy)
        read = sum(bool(instance.is_selected) for instance in rows.instances)
        return Step(
            "read",
            ok=read == 1,
            detail=f"{read} of {len(rows.instances)} instances by {rows.reports[-1].model_version}",
            remedy="" if read == 1 else "The selection must read the AP spine and pass over the femur.",
            proves="The selection reads an AP spine and passes over a femur; the model answers.",
            leaves_open="That the model is right: the picture is simulated.",
        )

    def _reported(self) -> Step:
        rows = self._rows()
        report = rows.reports[-1] if rows else None
        if report is None or report.sop_instance_uid is None:
            refused = "it was refused, and no destination wants that"
            return Step("reported", ok=False, detail=refused, remedy="Look at [[destinations]] report_on_refusal.")
        percent = "" if report.probability is None else f", {100 * report.probability:.1f} %"
        return Step("reported", ok=True, detail=f"{report.outcome}{percent}; SR {report.sop_instance_uid}")

    def _delivered(self, destination: Destination) -> Step:
        name = f"delivered to {destination.name}"
        delivery = self._wait(lambda rows: _ended(rows, destination.name))
        if delivery is None:
            last = next(
                (one.last_error for one in self._deliveries() if one.destination == destination.name), None
            )
            remedy = (
                "Is a courier there? `osteo-pacs status` tells."
                if last is None
                else "`osteo-pacs doctor` asks it."
            )
            return self._late(name, remedy, last)
        if delivery.state in ENDED:
            return Step(
                name, ok=False, detail=f"{delivery.state}: {delivery.last_error}", remedy="Mend what it says."
            )
        warning = f", with a warning: {delivery.warning}" if delivery.warning else ""
        return Step(name, ok=True, detail=f"{destination.ae_title} answered C-STORE with Success{warning}")

    def _checked(self, destination: Destination) -> Step:
        name, called = f"found at {destination.name}", destination.ae_title
        match self._asked(destination):
            case NotAsked(reason):
                return Step(
                    name,
                    ok=True,
                    detail=f"not asked: {reason}",
                    proves=f"{called} answered C-STORE with Success: it says that it has stored the report.",
                    leaves_open=f"That {called} has it: it answers us no C-FIND. Let our AE title query there.",
                )
            case Found(_, missing) if missing:
                remedy = "It acknowledged what it does not find: look into the log of the PACS."
                return Step(name, ok=False, detail=f"C-FIND does not find {', '.join(missing)}", remedy=remedy)
            case Found(instances, _):
                return Step(
                    name,
                    ok=True,
                    detail=f"C-FIND finds the study, its series and {instances} instances",
                    proves=f"{called} has the report, and finds it at study, series and instance level.",
                    leaves_open="That a reader sees it: open the study in your viewer once.",
                )

    def _asked(self, destination: Destination) -> Found | NotAsked:
        delivery = next(one for one in self._deliveries() if one.destination == destination.name)
        with self.database.read() as session:
            taken = taken_documents(session, delivery.job_id)
        places = [Place(one.series_instance_uid, one.sop_instance_uid) for one in taken]
        ours, ends_s = self.settings.listener.ae_title, time.monotonic() + INDEXED_WITHIN_S
        while True:
            found = find(destination, self.study_instance_uid, places, calling_ae_title=ours)
            if isinstance(found, NotAsked) or not found.missing or time.monotonic() > ends_s:
                return found
            time.sleep(LOOK_EVERY_S)

    def _wait(self, look: Callable[[Rows | None], T | None]) -> T | None:
        """What ``look`` finds; None where it found nothing in time."""
        while (found := look(self._rows())) is None and time.monotonic() < self._ends_s:
            time.sleep(LOOK_EVERY_S)
        return found

    def _rows(self) -> Rows | None:
        with self.database.read() as session:
            study = find_study(session, self.study_instance_uid)
            if study is None:
                return None
            number = study.study_id
            return Rows(
                study,
                list_instances(session, number),
                list_reports(session, number),
                list_deliveries(session, number),
            )

    def _deliveries(self) -> list[DeliverySummary]:
        rows = self._rows()
        return rows.deliveries if rows else []

    def _late(self, name: str, remedy: str, last_error: str | None = None) -> Step:
        with self.database.read() as session:
            paused = [one.subject for one in paused_subjects(session)]
        rows = self._rows()
        state = f"the study is {rows.study.state}" if rows else "the study is not in the database"
        error = f"; last error: {last_error}" if last_error else ""
        if paused:
            remedy = f"Paused: {', '.join(paused)}. `osteo-pacs queue resume --all` begins again."
        return Step(name, ok=False, detail=f"not within {self.timeout_s:g} s: {state}{error}", remedy=remedy)


def _is_read(rows: Rows) -> bool:
    return bool(rows.reports) or rows.study.state in {*ENDED, "nothing_to_read"}


def _ended(rows: Rows | None, destination: str) -> DeliverySummary | None:
    found = (one for one in rows.deliveries if one.destination == destination) if rows else iter(())
    return next((one for one in found if one.state in {*ENDED, "completed"}), None)
