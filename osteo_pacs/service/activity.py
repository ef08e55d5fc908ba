"""What a process of the service tells the audit trail of itself: it started, stopped, or was refused a start."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from osteo_pacs import log, shipped
from osteo_pacs.audit.events import application_activity
from osteo_pacs.audit.model_events import bundle_tampered
from osteo_pacs.audit.record import AuditRecord, Participant
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db import audit
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.dicom.audit import EventOutcome, EventType
from osteo_pacs.sealed import BundleTampered
from osteo_pacs.signature import BundleNotSigned

ALERT_AGAIN_AFTER = timedelta(minutes=10)
"""A process that is started again and again with the same bad bundle tells of it no more often."""


@contextmanager
def audited(role: str, database: Database) -> Iterator[None]:
    """The process starts with the block, and stops with it, for whatever reason.

    Raises:
        DatabaseUnavailable: its start cannot be written; it must not run unseen.
    """
    with database.write() as session:
        audit.append(session, application_activity(role, EventType.APPLICATION_START, utc_now()))
    outcome, description = EventOutcome.MAJOR_FAILURE, "ended by an error"
    try:
        yield
        outcome, description = EventOutcome.SUCCESS, ""
    finally:
        stopped = application_activity(
            role, EventType.APPLICATION_STOP, utc_now(), outcome=outcome, description=description
        )
        tell(database, stopped)


@contextmanager
def alerted(role: str, settings: Settings) -> Iterator[None]:
    """A bundle that the block finds tampered with, or not signed, is told of in the audit trail."""
    try:
        yield
    except (BundleTampered, BundleNotSigned) as error:
        database = Database(settings.database.url)
        try:
            bundle = settings.model.bundle or shipped.BUNDLE
            _tell_once(database, bundle_tampered(role, bundle, error.message, utc_now()))
        finally:
            database.close()
        raise


def died(name: str, pid: int, exit_code: int) -> AuditRecord:
    """A supervised process ended unasked; its supervisor tells."""
    return application_activity(
        "supervisor",
        EventType.APPLICATION_STOP,
        utc_now(),
        of=Participant(str(pid), name=name, address=socket.gethostname()),
        outcome=EventOutcome.MAJOR_FAILURE,
        description=f"the process died with exit status {exit_code}",
    )


def tell(database: Database, *records: AuditRecord) -> None:
    """Writes what has happened already; a database that is away cannot undo it."""
    try:
        with database.write() as session:
            audit.append(session, *records)
    except DatabaseUnavailable as error:
        log.get_logger().error("audit_not_written", reason=str(error), count=len(records))


def _tell_once(database: Database, record: AuditRecord) -> None:
    try:
        with database.read() as session:
            if audit.happened_since(session, record, record.happened_at - ALERT_AGAIN_AFTER):
                return
    except DatabaseUnavailable as error:
        log.get_logger().error("audit_not_written", reason=str(error), count=1)
        return
    tell(database, record)
