"""Records as XML in the schema of PS3.15 A.5.1, one message a line."""

from __future__ import annotations

import base64
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, tostring

from osteo_pacs.audit.record import AuditedObject, AuditRecord, Participant
from osteo_pacs.dicom.audit import AuditCode, ObjectKind

PATIENT = AuditedObject(ObjectKind.PATIENT, "withheld", "withheld")
"""A.5.3 wants the patient beside a study; this program tells no one who it is."""
APPLICATION_SERVER = "4"
MACHINE_NAME, IP_ADDRESS = "1", "2"
_TYPE_AND_ROLE = {
    ObjectKind.PATIENT: ("1", "1"),
    ObjectKind.URI: ("2", "13"),
    ObjectKind.STUDY: ("2", "3"),
    ObjectKind.NODE: ("2", "13"),
}
"""Participant Object Type Code and its role: person and patient, system object and security resource or report."""


def to_xml(record: AuditRecord) -> str:
    """One Audit Message, without a line break in it."""
    message = Element("AuditMessage")
    _add_event(message, record)
    for who in record.participants:
        _add_participant(message, who)
    source = SubElement(message, "AuditSourceIdentification", AuditSourceID=record.source)
    SubElement(source, "AuditSourceTypeCode", {"csd-code": APPLICATION_SERVER})
    for each in [*record.objects, *([PATIENT] if record.studies else [])]:
        _add_object(message, each)
    return tostring(message, encoding="unicode")


def _add_event(message: Element, record: AuditRecord) -> None:
    event = SubElement(
        message,
        "EventIdentification",
        EventActionCode=record.action.value,
        EventDateTime=record.happened_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        EventOutcomeIndicator=str(record.outcome.value),
    )
    _add_code(event, "EventID", record.event_id)
    if record.event_type:
        _add_code(event, "EventTypeCode", record.event_type)
    if record.description:
        SubElement(event, "EventOutcomeDescription").text = record.description


def _add_participant(message: Element, who: Participant) -> None:
    attributes = {"UserID": who.user_id, "UserIsRequestor": "true" if who.is_requestor else "false"}
    if who.ae_title:
        attributes["AlternativeUserID"] = f"AETITLES={who.ae_title}"
    if who.name:
        attributes["UserName"] = who.name
    if who.address:
        attributes["NetworkAccessPointID"] = who.address
        attributes["NetworkAccessPointTypeCode"] = IP_ADDRESS if _is_ip(who.address) else MACHINE_NAME
    participant = SubElement(message, "ActiveParticipant", attributes)
    if who.role:
        _add_code(participant, "RoleIDCode", who.role)


def _add_object(message: Element, each: AuditedObject) -> None:
    kind, role = _TYPE_AND_ROLE[each.kind]
    element = SubElement(
        message,
        "ParticipantObjectIdentification",
        ParticipantObjectID=each.object_id,
        ParticipantObjectTypeCode=kind,
        ParticipantObjectTypeCodeRole=role,
    )
    _add_code(element, "ParticipantObjectIDTypeCode", each.kind, each.kind.scheme)
    SubElement(element, "ParticipantObjectName").text = each.name
    if each.detail:
        value = base64.b64encode(each.detail.encode()).decode()
        SubElement(element, "ParticipantObjectDetail", type="Alert Description", value=value)
    if each.counts or each.instances:
        _add_description(SubElement(element, "ParticipantObjectDescription"), each)


def _add_description(description: Element, each: AuditedObject) -> None:
    counts = {uid: len(uids) for uid, uids in each.instances.items()} | dict(each.counts)
    for uid, count in counts.items():
        sop_class = SubElement(description, "SOPClass", UID=uid, NumberOfInstances=str(count))
        for instance in each.instances.get(uid, ()):
            SubElement(sop_class, "Instance", UID=instance)


def _add_code(parent: Element, name: str, code: AuditCode, scheme: str = "DCM") -> None:
    attributes = {"csd-code": code.value, "codeSystemName": scheme, "originalText": code.meaning}
    SubElement(parent, name, attributes)


def _is_ip(address: str) -> bool:
    return ":" in address or address.replace(".", "").isdigit()
