"""Every event is a message of PS3.15 A.5."""

from __future__ import annotations

import base64

import pytest
from lxml import etree

from audit_samples import NOW, SAMPLES, STUDY
from audit_schema import parsed
from osteo_pacs.audit.message import to_xml
from osteo_pacs.audit.record import AuditRecord, Participant, objects_of, participants_of, printable
from osteo_pacs.dicom.audit import Action, EventId


def message(name):
    return parsed(to_xml(SAMPLES[name]))


def participant(name, role):
    [found] = message(name).xpath(f"ActiveParticipant[RoleIDCode/@csd-code='{role}']")
    return dict(found.attrib)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_valid_and_one_line(name):
    parsed(to_xml(SAMPLES[name]))
    assert "\n" not in to_xml(SAMPLES[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_is_the_same_after_it_was_kept(name):
    record = SAMPLES[name]
    facts = record.facts()
    assert participants_of(facts, record.actor) == record.participants
    assert objects_of(facts) == record.objects
    assert facts.get("description", "") == record.description


@pytest.mark.parametrize("name", [name for name, record in SAMPLES.items() if record.studies])
def test_beside_a_study_stands_a_patient_who_is_not_named(name):
    [patient] = message(name).xpath("ParticipantObjectIdentification[@ParticipantObjectTypeCodeRole='1']")
    assert patient.get("ParticipantObjectID") == "withheld"
    assert patient.findtext("ParticipantObjectName") == "withheld"


@pytest.mark.parametrize("name", SAMPLES)
def test_at_most_one_participant_is_the_requestor(name):
    assert len(message(name).xpath("ActiveParticipant[@UserIsRequestor='true']")) <= 1


def test_an_event_is_named_by_code_scheme_and_meaning():
    event = message("a process starts").find("EventIdentification")
    assert event.attrib == {
        "EventActionCode": "E",
        "EventDateTime": "2026-03-01T12:00:00.250Z",
        "EventOutcomeIndicator": "0",
    }
    assert [dict(code.attrib) for code in event] == [
        {"csd-code": "110100", "codeSystemName": "DCM", "originalText": "Application Activity"},
        {"csd-code": "110120", "codeSystemName": "DCM", "originalText": "Application Start"},
    ]


def test_a_transfer_names_source_and_destination():
    source = participant("instances came", 110153)
    assert (source["UserID"], source["AlternativeUserID"]) == ("DXA", "AETITLES=DXA")
    assert (source["NetworkAccessPointID"], source["NetworkAccessPointTypeCode"]) == ("10.0.0.5", "2")
    destination = participant("a report was sent", 110152)
    assert (destination["NetworkAccessPointID"], destination["NetworkAccessPointTypeCode"]) == (
        "pacs.example",
        "1",
    )


def test_received_instances_are_counted_and_sent_ones_named():
    [received] = message("instances came").iter("SOPClass")
    assert (received.get("NumberOfInstances"), len(received)) == ("8", 0)
    sent = [[each.get("UID") for each in sop_class] for sop_class in message("a report was sent").iter("SOPClass")]
    assert sent == [["2.25.1"], ["2.25.2", "2.25.3"]]


def test_an_alert_says_what_it_is_about():
    [detail] = message("a peer was refused").iter("ParticipantObjectDetail")
    assert detail.get("type") == "Alert Description"
    assert base64.b64decode(detail.get("value")) == b"association refused: calling_ae_title"


def test_a_study_is_found_by_its_uid():
    objects = message("jobs were changed").findall("ParticipantObjectIdentification")
    assert [each.get("ParticipantObjectID") for each in objects] == [STUDY, "withheld"]


@pytest.mark.parametrize("text", ["a\0b", "a\r\nb", "\ud800", "x" * 10_000, "a\x1b[31m", "\ufffe"])
def test_what_a_peer_says_can_always_be_told(text):
    who = Participant(printable(text))
    record = AuditRecord(NOW, EventId.SECURITY_ALERT, Action.EXECUTE, "listener@host", (who,))
    assert len(parsed(to_xml(record)).find("ActiveParticipant").get("UserID")) <= 512


@pytest.mark.parametrize(
    "change",
    [
        lambda message: message.remove(message.find("ActiveParticipant")),
        lambda message: message.remove(message.find("AuditSourceIdentification")),
        lambda message: message.find("EventIdentification").set("EventOutcomeIndicator", "1"),
        lambda message: message.find("EventIdentification").set("EventActionCode", "X"),
    ],
)
def test_the_schema_refuses_what_the_standard_does_not_allow(change):
    broken = etree.fromstring(to_xml(SAMPLES["a process starts"]))
    change(broken)
    with pytest.raises(AssertionError):
        parsed(etree.tostring(broken))
