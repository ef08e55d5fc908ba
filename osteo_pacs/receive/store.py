"""C-STORE: from the command to the status, and what must hold before Success (PS3.4 B.2).

    reception = receiver.begin(command, context, origin)
    reception.write(fragment)           # into the spool, as it comes
    answer = reception.finish()         # on the disk and in the database, or refused with a reason

A refused instance is still read to its end, because the protocol has no other way to the answer.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from osteo_pacs import log
from osteo_pacs.clock import Clock
from osteo_pacs.db.receipts import NewInstance, Outcome, Record
from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.dicom.header import Header, read_header
from osteo_pacs.dicom.scan import DataSetUnparsable
from osteo_pacs.dicom.status import Status
from osteo_pacs.errors import RetryableError
from osteo_pacs.receive.checks import Refused, check_command, check_header
from osteo_pacs.receive.dimse import Answer, Command
from osteo_pacs.receive.journal import Journal
from osteo_pacs.receive.ledger import CommitUnknown, Ledger
from osteo_pacs.receive.negotiation import Context
from osteo_pacs.receive.origin import Origin
from osteo_pacs.receive.presence import Presence
from osteo_pacs.spool import Spool, SpoolFile

OUT_OF_SPACE = Answer(Status.OUT_OF_RESOURCES, "Out of disk space")
FAILED = Answer(Status.PROCESSING_FAILURE, "Failed to keep the instance")


class Sink(Protocol):
    """Where the Data Set of a message goes."""

    def write(self, fragment: memoryview) -> None:
        """Takes the next bytes."""

    def finish(self) -> Answer:
        """The Data Set is whole: what is the answer?"""

    def abandon(self) -> None:
        """The rest will not come."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Drops a Data Set whose answer stands already."""

    answer: Answer

    def write(self, fragment: memoryview) -> None:
        """Drops it."""

    def finish(self) -> Answer:
        """What was decided at the command."""
        return self.answer

    def abandon(self) -> None:
        """There is nothing to clear away."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """What every C-STORE of a listener needs."""

    spool: Spool
    ledger: Ledger
    presence: Presence
    journal: Journal
    now: Clock
    has_space: Callable[[], bool]

    def begin(self, command: Command, context: Context, origin: Origin) -> Sink:
        """Takes a C-STORE-RQ; its Data Set goes to the sink."""
        try:
            meta = check_command(command, context, origin.calling_ae_title)
            if not self.has_space():
                return Nowhere(OUT_OF_SPACE)
            return Reception(self, self.spool.create(meta, self.now()), meta, context, origin)
        except Exception as error:  # noqa: BLE001 - a failure of ours has a status of its own
            return Nowhere(_answer_of(error))


class Reception:
    """An instance on its way in."""

    def __init__(
        self, receiver: Receiver, file: SpoolFile, meta: FileMeta, context: Context, origin: Origin
    ) -> None:
        self._receiver = receiver
        self._file = file
        self._meta = meta
        self._context = context
        self._origin = origin
        self._refusal: Answer | None = None

    def write(self, fragment: memoryview) -> None:
        """Appends to the file; a disk that is full shows in the answer."""
        if self._refusal is None:
            try:
                self._file.write(fragment)
            except RetryableError as error:
                self._refusal = _answer_of(error)

    def finish(self) -> Answer:
        """Checks the Data Set, makes it durable, records it."""
        if self._refusal:
            return self._refusal
        try:
            instance = self._new_instance(self._read_header())
            self._file.sync()
            record = self._record(instance)
        except CommitUnknown as error:
            # A row may name the file; if none does, the next start clears it away.
            return _answer_of(error)
        except Exception as error:  # noqa: BLE001 - a failure of ours has a status of its own
            self._file.discard()
            return _answer_of(error)
        try:
            return self._answer(instance, record)
        except Exception as error:  # noqa: BLE001 - a failure of ours has a status of its own
            return _answer_of(error)

    def abandon(self) -> None:
        """Removes what came so far."""
        self._file.discard()

    def _read_header(self) -> Header:
        if not self._file.size_bytes:
            raise Refused(Status.CANNOT_UNDERSTAND, "Data Set is empty")
        # Not closed by hand: an error's traceback may still hold views of it.
        content = memoryview(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ))
        header = read_header(content[self._file.header_bytes :], is_implicit_vr=self._context.is_implicit_vr)
        check_header(header, self._meta)
        return header

    def _new_instance(self, header: Header) -> NewInstance:
        return NewInstance(
            study_instance_uid=header.study_instance_uid or "",
            series_instance_uid=header.series_instance_uid or "",
            sop_class_uid=self._meta.sop_class_uid,
            sop_instance_uid=self._meta.sop_instance_uid,
            transfer_syntax_uid=self._meta.transfer_syntax_uid,
            accession_number=header.accession_number,
            patient_digest=header.patient_digest,
            sha256=self._file.sha256,
            size_bytes=self._file.size_bytes,
            path=self._file.path,
            calling_ae_title=self._origin.calling_ae_title[:16],
            received_at=self._receiver.now(),
        )

    def _record(self, instance: NewInstance) -> Record:
        sender = self._receiver.presence.sender(self._origin.association_id, instance.study_instance_uid)
        return self._receiver.ledger.record(instance, sender)

    def _answer(self, instance: NewInstance, record: Record) -> Answer:
        self._receiver.journal.received(
            self._origin, instance.study_instance_uid, instance.sop_class_uid, record.outcome
        )
        if record.outcome is Outcome.RETURNED:
            return Answer(Status.SUCCESS)
        if record.outcome is not Outcome.NEW:
            return self._answer_duplicate(instance, record)
        association_id = self._origin.association_id
        self._receiver.presence.recorded(association_id, instance.study_instance_uid, record.study_id)
        if record.is_other_patient:
            log.get_logger().error("patient_changed_in_study", study_id=record.study_id)
        return Answer(Status.SUCCESS)

    def _answer_duplicate(self, instance: NewInstance, record: Record) -> Answer:
        if record.outcome is Outcome.SAME_BYTES:
            self._receiver.spool.keep_one(record.path, instance.path)
            return Answer(Status.SUCCESS)
        self._receiver.spool.quarantine(instance.path)
        if record.outcome is Outcome.OTHER_STUDY:
            log.get_logger().error("sop_instance_uid_in_two_studies", instance_id=record.instance_id)
            return Answer(Status.DUPLICATE_SOP_INSTANCE, "SOP Instance UID belongs to another study")
        return Answer(Status.DUPLICATE_SOP_INSTANCE, "Another instance has this SOP Instance UID")


def _answer_of(error: Exception) -> Answer:
    """The status of what went wrong, with a comment that quotes nothing a peer sent."""
    if isinstance(error, Refused):
        return error.answer
    if isinstance(error, DataSetUnparsable):
        return Answer(Status.CANNOT_UNDERSTAND, error.detail)
    if isinstance(error, RetryableError):
        log.get_logger().warning("instance_not_kept", error=error.message)
        return Answer(Status.OUT_OF_RESOURCES, type(error).__doc__ or "")
    log.get_logger().error("instance_failed", exc_info=error)
    return FAILED
