"""A study goes wholly because a person says so: its files first, then all that was known of it.

    gone = Eraser(database, spool, clock=utc_now, by=person).forget(uid, reason="", is_forced=False)

The order makes it whole again after a crash: as long as a file may be left there are rows that name it, and the
same command goes on where it was. What is held by retention is held here, too, unless it is forced with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from osteo_pacs.audit.events import COMMAND_LINE, study_deleted
from osteo_pacs.audit.record import Participant
from osteo_pacs.clock import Clock
from osteo_pacs.db import audit
from osteo_pacs.db.retention import StudyFacts, facts_of, files_of, find, forget, lock_studies, mark_removed
from osteo_pacs.db.session import Database, Session
from osteo_pacs.errors import PermanentError, RetryableError
from osteo_pacs.housekeeping.eligibility import Stays, standing
from osteo_pacs.spool import Spool

ROUNDS = 3
"""Instances may come while files are removed; after so many rounds the sender has to be stopped first."""


class StudyHeld(PermanentError):
    """The study is held, and was not forgotten."""

    remedy = "Wait until it is settled, or give --force and --reason."


class StudyBusy(RetryableError):
    """Another process is writing to the study at this moment."""

    remedy = "Stop who sends it, and type the command again; it goes on where it was."


class FilesRemain(RetryableError):
    """Files of the study could not be removed, so that its rows stay."""

    remedy = "Mend what is wrong with the spool, and type the command again; it goes on where it was."


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A study that is gone, with how many of its instances still had files, and how much that was."""

    study_instance_uid: str
    instances: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Eraser:
    """Forgets studies of one installation for a person."""

    database: Database
    spool: Spool
    clock: Clock
    by: Participant

    def standing_of(self, study_instance_uid: str) -> str | None:
        """How the study stands, in the words of retention; None where there is no such study."""
        with self.database.read() as session:
            if (study_id := find(session, study_instance_uid)) is None:
                return None
            [facts] = facts_of(session, [study_id], self.clock())
        return str(standing(facts))

    def forget(self, study_instance_uid: str, *, reason: str, is_forced: bool) -> Forgotten | None:
        """Removes the study wholly; None where there is no such study.

        Raises:
            StudyHeld: it is still to be received, read or sent, or has a label, and that was not overruled.
            StudyBusy: instances keep coming, or another process holds it.
            FilesRemain: the disk does not give them up.
        """
        instances = size_bytes = 0
        for _ in range(ROUNDS):
            with self.database.write() as session:
                study = self._locked(session, study_instance_uid)
                if study is None:
                    return None
                self._require_free(study, is_forced=is_forced)
                if not study.instances and not self._remains(session, study):
                    forget(session, study.study_id)
                    self._tell(session, study, f"study removed on request{_because(reason)}")
                    return Forgotten(study_instance_uid, instances, size_bytes)
                paths = self._give_up(session, study, reason)
            instances, size_bytes = instances + study.instances, size_bytes + study.size_bytes
            self._remove(paths)
        raise StudyBusy(study_instance_uid)

    def _locked(self, session: Session, study_instance_uid: str) -> StudyFacts | None:
        study_id = find(session, study_instance_uid)
        if study_id is None:
            return None
        if not lock_studies(session, [study_id]):
            raise StudyBusy(study_instance_uid)
        [facts] = facts_of(session, [study_id], self.clock())
        return facts

    def _require_free(self, study: StudyFacts, *, is_forced: bool) -> None:
        held = standing(study)
        if isinstance(held, Stays) and not is_forced:
            raise StudyHeld(f"{study.study_instance_uid} is {held}.")

    def _give_up(self, session: Session, study: StudyFacts, reason: str) -> list[str]:
        """The paths of all its files, of which no row says any more that they are there."""
        files = files_of(session, study.study_id)
        mark_removed(session, study.study_id, self.clock())
        if study.instances:
            count = f"{study.instances} instances, {study.size_bytes} bytes"
            self._tell(session, study, f"instances removed on request{_because(reason)}: {count}")
        return [*files.values(), *self.spool.quarantined_of(files)]

    def _remains(self, session: Session, study: StudyFacts) -> bool:
        files = files_of(session, study.study_id)
        return bool(self.spool.quarantined_of(files)) or any(
            self.spool.path_of(path).exists() for path in files.values()
        )

    def _remove(self, paths: Iterable[str]) -> None:
        try:
            for path in paths:
                self.spool.remove(path)
        except OSError as error:
            raise FilesRemain(f"{error.strerror or type(error).__name__}.") from error

    def _tell(self, session: Session, study: StudyFacts, what: str) -> None:
        told = study_deleted(study.study_instance_uid, what, self.clock(), role=COMMAND_LINE, by=self.by)
        audit.append(session, told)


def _because(reason: str) -> str:
    return f", forced because: {reason}" if reason else ""
