"""The names that options take, spelled out so that ``--help`` need not load the database; a test compares."""

from __future__ import annotations

from enum import StrEnum


class JobKindName(StrEnum):
    """Names of ``JobKind``."""

    INFER = "infer"
    DELIVER = "deliver"


class JobStateName(StrEnum):
    """Names of ``JobState``."""

    AVAILABLE = "available"
    CLAIMED = "claimed"
    RETRYABLE = "retryable"
    COMPLETED = "completed"
    PARKED = "parked"
    CANCELLED = "cancelled"


class StudyStateName(StrEnum):
    """Names of ``StudyState``."""

    RECEIVING = "receiving"
    QUEUED = "queued"
    READING = "reading"
    REPORTED = "reported"
    DELIVERED = "delivered"
    NOTHING_TO_READ = "nothing_to_read"
    PARKED = "parked"
    CANCELLED = "cancelled"


class LabelName(StrEnum):
    """Names of ``Says``."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EXCLUDE = "exclude"


class AuditEventName(StrEnum):
    """Names of ``EventId``."""

    APPLICATION_ACTIVITY = "application_activity"
    AUDIT_LOG_USED = "audit_log_used"
    INSTANCES_TRANSFERRED = "instances_transferred"
    STUDY_DELETED = "study_deleted"
    EXPORT = "export"
    PROCEDURE_RECORD = "procedure_record"
    SECURITY_ALERT = "security_alert"


class AuditOutcomeName(StrEnum):
    """Names of ``EventOutcome``."""

    SUCCESS = "success"
    MINOR_FAILURE = "minor_failure"
    SERIOUS_FAILURE = "serious_failure"
    MAJOR_FAILURE = "major_failure"


class ConfounderName(StrEnum):
    """Names of ``CONFOUNDER_NAMES``."""

    SCOLIOSIS = "scoliosis"
    OSTEOPHYTES = "osteophytes"
    AORTIC_CALCIFICATION = "aortic_calcification"
    COMPRESSION_FRACTURE = "compression_fracture"
    DENSE_VERTEBRA = "dense_vertebra"
    METAL = "metal"
    MALPOSITION = "malposition"
    OBESITY = "obesity"
