"""The vocabulary of audit messages: codes of PS3.16 CID 400, 401, 402, 403 and 404, values of PS3.15 A.5.1.

Each code knows its meaning; its scheme is DCM unless it says otherwise.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self


class AuditCode(StrEnum):
    """A code value with its meaning."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """Keeps the meaning beside the value."""
        code = str.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code


class EventId(AuditCode):
    """What happened (CID 400), as far as this program can see it happen."""

    APPLICATION_ACTIVITY = "110100", "Application Activity"
    AUDIT_LOG_USED = "110101", "Audit Log Used"
    INSTANCES_TRANSFERRED = "110104", "DICOM Instances Transferred"
    STUDY_DELETED = "110105", "DICOM Study Deleted"
    EXPORT = "110106", "Export"
    PROCEDURE_RECORD = "110111", "Procedure Record"
    SECURITY_ALERT = "110113", "Security Alert"


class EventType(AuditCode):
    """What kind of it (CID 401 and 403)."""

    APPLICATION_START = "110120", "Application Start"
    APPLICATION_STOP = "110121", "Application Stop"
    NODE_AUTHENTICATION = "110126", "Node Authentication"
    SOFTWARE_CONFIGURATION = "110131", "Software Configuration"
    USE_OF_RESTRICTED_FUNCTION = "110132", "Use of Restricted Function"


class Role(AuditCode):
    """What a participant did in it (CID 402)."""

    APPLICATION = "110150", "Application"
    APPLICATION_LAUNCHER = "110151", "Application Launcher"
    DESTINATION = "110152", "Destination Role ID"
    SOURCE = "110153", "Source Role ID"


class ObjectKind(AuditCode):
    """What an object's ID is (CID 404, and PS3.15 A.5.1.2.4 for those that RFC 3881 named first)."""

    PATIENT = "2", "Patient Number"
    URI = "12", "URI"
    STUDY = "110180", "Study Instance UID"
    NODE = "110182", "Node ID"

    @property
    def scheme(self) -> str:
        """The coding scheme of the code."""
        return "DCM" if self.value.startswith("11") else "RFC-3881"


class Action(StrEnum):
    """Event Action Code (PS3.15 A.5.2)."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


class EventOutcome(IntEnum):
    """Event Outcome Indicator (PS3.15 A.5.2); of a Security Alert, how grave it is (A.5.3.11)."""

    SUCCESS = 0
    MINOR_FAILURE = 4
    SERIOUS_FAILURE = 8
    MAJOR_FAILURE = 12
