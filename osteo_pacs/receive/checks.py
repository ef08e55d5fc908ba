"""Which instances may be kept: the command against its context, the Data Set against the command (PS3.4 B.2)."""

from __future__ import annotations

from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.dicom.header import Header, parse_uid
from osteo_pacs.dicom.sop_classes import STORAGE
from osteo_pacs.dicom.status import Status
from osteo_pacs.errors import PermanentError
from osteo_pacs.receive.dimse import Answer, Command
from osteo_pacs.receive.negotiation import Context


class Refused(PermanentError):
    """The instance is not kept."""

    def __init__(self, status: Status, comment: str) -> None:
        super().__init__(comment)
        self.answer = Answer(status, comment)


def check_command(command: Command, context: Context, calling_ae_title: str) -> FileMeta:
    """What the file will say of an instance whose C-STORE-RQ may be followed.

    Raises:
        Refused: its UIDs are none, or do not fit the context, or there is no Data Set.
    """
    if context.abstract_syntax not in STORAGE:
        raise Refused(Status.SOP_CLASS_NOT_SUPPORTED, "No storage context")
    if (sop_class_uid := parse_uid(command.sop_class_uid)) is None:
        raise Refused(Status.CANNOT_UNDERSTAND, "Affected SOP Class UID is no UID")
    if (sop_instance_uid := parse_uid(command.sop_instance_uid)) is None:
        raise Refused(Status.CANNOT_UNDERSTAND, "Affected SOP Instance UID is no UID")
    if sop_class_uid != context.abstract_syntax:
        raise Refused(Status.DATA_SET_DOES_NOT_MATCH_SOP_CLASS, "SOP Class is not the context's")
    if not command.has_data_set:
        raise Refused(Status.CANNOT_UNDERSTAND, "Data Set is missing")
    return FileMeta(
        sop_class_uid,
        sop_instance_uid,
        context.transfer_syntax,
        calling_ae_title.encode("ascii", errors="replace").decode(),
    )


def check_header(header: Header, meta: FileMeta) -> None:
    """Whether the Data Set is what its C-STORE-RQ said.

    Raises:
        Refused: a UID is missing, or is not the command's.
    """
    if header.sop_instance_uid is None or header.sop_class_uid is None:
        raise Refused(Status.CANNOT_UNDERSTAND, "No valid SOP Instance or Class UID")
    if header.study_instance_uid is None or header.series_instance_uid is None:
        raise Refused(Status.CANNOT_UNDERSTAND, "No valid Study or Series Instance UID")
    if header.sop_class_uid != meta.sop_class_uid:
        raise Refused(Status.DATA_SET_DOES_NOT_MATCH_SOP_CLASS, "SOP Class UID is not the command's")
    if header.sop_instance_uid != meta.sop_instance_uid:
        raise Refused(Status.DATA_SET_DOES_NOT_MATCH_SOP_CLASS, "SOP Instance UID is not the command's")
