"""What a listener has to tell the audit trail: what associations brought, and whom it turned away.

journal.received(origin, study, sop_class, Outcome.NEW)     # counts, nothing else: the sender waits
journal.ended(association_id)                               # one event for each study of the association
records = journal.due()                                     # the thread of Presence writes them ...
journal.written(records)                                    # ... and what was written is forgotten
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Lock

from osteo_pacs.audit.events import instances_received, uid_conflict
from osteo_pacs.audit.record import AuditRecord, Participant, printable
from osteo_pacs.clock import Clock
from osteo_pacs.db.receipts import Outcome
from osteo_pacs.receive.origin import Origin
from osteo_pacs.receive.refusals import Refusals

MOST_WAITING = 1000
"""While the database is away, associations bring nothing, and refusals are counted instead of told."""
CONFLICTS = {
    Outcome.OTHER_BYTES: "SOP Instance UID with other bytes than those that are here",
    Outcome.OTHER_STUDY: "SOP Instance UID of another study",
}
Brought = Counter[tuple[str, str, Outcome]]
"""Numbers of instances by Study Instance UID, SOP Class UID and outcome."""


class Journal:
    """What one listener process has not told yet; any thread may add to it, one tells."""

    def __init__(self, now: Clock) -> None:
        self.refusals = Refusals(now)
        self._now = now
        self._lock = Lock()
        self._brought: dict[str, tuple[Origin, Brought]] = {}
        self._waiting: list[AuditRecord] = []

    def received(self, origin: Origin, study_instance_uid: str, sop_class_uid: str, outcome: Outcome) -> None:
        """An association has brought an instance; one whose file retention had taken is new here."""
        outcome = Outcome.NEW if outcome is Outcome.RETURNED else outcome
        with self._lock:
            _, brought = self._brought.setdefault(origin.association_id, (origin, Counter()))
            brought[study_instance_uid, sop_class_uid, outcome] += 1

    def ended(self, association_id: str) -> None:
        """The association will bring no more; a second time does nothing."""
        with self._lock:
            if found := self._brought.pop(association_id, None):
                self._waiting += self._told(*found)

    def due(self, *, is_last: bool = False) -> Sequence[AuditRecord]:
        """What is to be written now; ``is_last``: what associations brought that are cut off, too."""
        if is_last:
            for association_id in list(self._brought):
                self.ended(association_id)
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting += self.refusals.due(is_last=is_last)
            return tuple(self._waiting)

    def written(self, records: Sequence[AuditRecord]) -> None:
        """These, which were due, are in the database."""
        with self._lock:
            del self._waiting[: len(records)]

    def _told(self, origin: Origin, brought: Brought) -> Iterator[AuditRecord]:
        title, now = printable(origin.calling_ae_title), self._now()
        peer = Participant(title or origin.peer, ae_title=title, address=origin.peer)
        for study, outcome in dict.fromkeys((study, outcome) for study, _, outcome in brought):
            counts = {
                sop_class: count
                for (of_study, sop_class, ended_so), count in brought.items()
                if (of_study, ended_so) == (study, outcome)
            }
            if outcome in CONFLICTS:
                yield uid_conflict(peer, study, CONFLICTS[outcome], sum(counts.values()), now)
            else:
                yield instances_received(peer, study, counts, now, are_new=outcome is Outcome.NEW)
