"""The tables. SQLite and PostgreSQL hold the same; ``migrations/`` makes them, a test compares.

A CHECK ties each terminal state to its timestamp. Times are aware UTC.
"""

from osteo_pacs.db.tables.audit import AuditEvent, AuditForward, AuditHead
from osteo_pacs.db.tables.base import Base, UtcDateTime
from osteo_pacs.db.tables.jobs import Job, JobKind, JobState, Pause
from osteo_pacs.db.tables.model_life import (
    DriftFigure,
    GateDecision,
    ModelActivation,
    ModelServing,
    Shadow,
    ShadowReading,
)
from osteo_pacs.db.tables.models import (
    DataSet,
    DataSetItem,
    DataSetPatient,
    Feedback,
    Label,
    ModelVersionRow,
    TrainingRun,
)
from osteo_pacs.db.tables.presence import Presence
from osteo_pacs.db.tables.reports import Delivery, Document, Report
from osteo_pacs.db.tables.studies import Instance, OpenAssociation, Study

__all__ = [
    "AuditEvent",
    "AuditForward",
    "AuditHead",
    "Base",
    "DataSet",
    "DataSetItem",
    "DataSetPatient",
    "Delivery",
    "Document",
    "DriftFigure",
    "Feedback",
    "GateDecision",
    "Instance",
    "Job",
    "JobKind",
    "JobState",
    "Label",
    "ModelActivation",
    "ModelServing",
    "ModelVersionRow",
    "OpenAssociation",
    "Pause",
    "Presence",
    "Report",
    "Shadow",
    "ShadowReading",
    "Study",
    "TrainingRun",
    "UtcDateTime",
]
