"""The tables. SQLite and PostgreSQL hold the same; ``migrations/`` makes them, a test compares.

A CHECK ties each terminal state to its timestamp. Times are aware UTC.
"""

from osteo_pacs.db.tables.audit import AuditEvent, AuditForward, AuditHead
from osteo_pacs.db.tables.base import Base, UtcDateTime
from osteo_pacs.db.tables.jobs import Job, JobKind, JobState, Pause
from osteo_pacs.db.tables.models import Label, ModelVersionRow, TrainingRun
from osteo_pacs.db.tables.presence import Presence
from osteo_pacs.db.tables.reports import Delivery, Document, Report
from osteo_pacs.db.tables.studies import Instance, OpenAssociation, Study

__all__ = [
    "AuditEvent",
    "AuditForward",
    "AuditHead",
    "Base",
    "Delivery",
    "Document",
    "Instance",
    "Job",
    "JobKind",
    "JobState",
    "Label",
    "ModelVersionRow",
    "OpenAssociation",
    "Pause",
    "Presence",
    "Report",
    "Study",
    "TrainingRun",
    "UtcDateTime",
]
