"""One destination's deliveries, in a thread of their own: what holds one destination up holds no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from osteo_pacs.audit.record import Participant
from osteo_pacs.config import Destination, Settings
from osteo_pacs.courier.rest import Rest
from osteo_pacs.courier.send import SendOutcome, Sent, send_report
from osteo_pacs.courier.settle import RetryRules, settle
from osteo_pacs.db.deliveries import documents_for_delivery
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.db.tables import JobKind
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.disposition import TryAgain
from osteo_pacs.deliver.scu import Sender
from osteo_pacs.jobs.queue import Claim, ClaimLost, claim, release
from osteo_pacs.log import get_logger

CLAIMED_AT_ONCE = 8
IDLE_LOOK_S = 0.5
HANG_SLACK_S = 30.0
UNAVAILABLE_S = 1.0


class Lane(threading.Thread):
    """Claims and sends the jobs of one destination whenever it is woken, until none is due.

    A destination that cannot be reached is left alone for a while: jobs that have not been tried keep their
    place, and one of them is tried when the rest is over.
    """

    def __init__(self, destination: Destination, settings: Settings, database: Database, worker: str) -> None:
        super().__init__(name=f"lane-{destination.name}", daemon=True)
        self.destination = destination
        self.claims: tuple[Claim, ...] = ()
        self._settings = settings
        self._database = database
        self._worker = worker
        self._rules = RetryRules.of(settings.jobs)
        self._participant = Participant(
            destination.ae_title, ae_title=destination.ae_title, name=destination.name, address=destination.host
        )
        self._rest = Rest(settings.jobs, self._rules.random)
        self._sender = Sender(destination, calling_ae_title=settings.listener.ae_title)
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._began_s: float | None = None

    @property
    def is_free(self) -> bool:
        """Whether it may be woken: it has nothing in hand and does not leave its destination alone."""
        return not self.claims and not self._woken.is_set() and self._rest.is_over

    @property
    def is_hung(self) -> bool:
        """Whether a report has been in hand for longer than any deadline allows."""
        began_s = self._began_s
        allowed_s = self.destination.send_timeout_s + HANG_SLACK_S
        return began_s is not None and time.monotonic() - began_s > allowed_s

    def wake(self) -> None:
        """There is something to claim."""
        self._woken.set()

    def stop(self) -> None:
        """No further report is begun; the one in hand is finished."""
        self._stopping.set()
        self._woken.set()

    def interrupt(self) -> None:
        """The report in hand is not waited for either."""
        self._sender.interrupt()

    def run(self) -> None:
        """Until ``stop``."""
        while not self._stopping.is_set():
            if self._woken.wait(IDLE_LOOK_S):
                self._work_off()
                self._woken.clear()
            self._sender.close_if_idle()
        self._sender.close()

    def _work_off(self) -> None:
        try:
            while self._may_go_on() and (claims := self._claim()):
                self._deliver_all(claims)
        except DatabaseUnavailable as error:
            self._tell_unavailable(error)
        finally:
            self.claims = ()

    def _may_go_on(self) -> bool:
        return not self._stopping.is_set() and self._rest.is_over

    def _claim(self) -> list[Claim]:
        return claim(
            self._database,
            kind=JobKind.DELIVER,
            worker=self._worker,
            lease_s=self._settings.jobs.lease_s,
            limit=1 if self._rest.is_probing else CLAIMED_AT_ONCE,
            destinations=(self.destination.name,),
        )

    def _deliver_all(self, claims: Sequence[Claim]) -> None:
        self.claims = tuple(claims)
        while self.claims:
            held, *_ = self.claims
            if self._may_go_on():
                self._deliver(held)
            else:
                self._give_back(held)
            self.claims = self.claims[1:]

    def _deliver(self, held: Claim) -> None:
        started_s = time.monotonic()
        outcome = self._attempt(held)
        self._note(outcome)
        if self._write(held, lambda: settle(self._database, held, outcome, self._rules, self._participant)):
            log_delivery(held, outcome, time.monotonic() - started_s)

    def _attempt(self, held: Claim) -> SendOutcome:
        self._began_s = time.monotonic()
        try:
            with self._database.read() as session:
                outgoing = documents_for_delivery(session, held.job_id)
            return send_report(outgoing, self._sender, Deadline.after(self.destination.send_timeout_s))
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the loop that must not die
            # One delivery that we have a mistake in holds up no other.
            get_logger().exception("delivery_broke", job_id=held.job_id, destination=held.destination)
            return TryAgain(f"unexpected {type(error).__name__}", is_about_destination=False)
        finally:
            self._began_s = None

    def _give_back(self, held: Claim) -> None:
        def write() -> None:
            with self._database.write() as session:
                release(session, held)

        self._write(held, write)

    def _write(self, held: Claim, write: Callable[[], None]) -> bool:
        """Writes what became of a claim, as soon as the database answers; False where it no longer counts."""
        while True:
            try:
                write()
            except ClaimLost:
                get_logger().warning("claim_lost", job_id=held.job_id, destination=held.destination)
                return False
            except DatabaseUnavailable as error:
                self._tell_unavailable(error)
                if self._stopping.wait(UNAVAILABLE_S):
                    return False
            else:
                return True

    def _tell_unavailable(self, error: DatabaseUnavailable) -> None:
        get_logger().error("database_unavailable", destination=self.destination.name, reason=str(error))

    def _note(self, outcome: SendOutcome) -> None:
        if isinstance(outcome, TryAgain) and outcome.is_about_destination:
            self._rest.begin()
        else:
            self._rest.forget()


def log_delivery(held: Claim, outcome: SendOutcome, seconds: float) -> None:
    """One event for each attempt at a delivery."""
    facts = {
        "job_id": held.job_id,
        "destination": held.destination,
        "attempts": held.attempts,
        "seconds": round(seconds, 3),
    }
    match outcome:
        case Sent(_, status):
            get_logger().info("report_delivered", status=f"{status:#06x}", **facts)
        case failed:
            get_logger().warning("delivery_failed", reason=failed.reason, **facts)
