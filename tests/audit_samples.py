"""Every event that the program audits, once, as the functions that write it make it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from osteo_pacs.audit import events, model_events
from osteo_pacs.audit.record import AuditRecord, Participant
from osteo_pacs.dicom.audit import EventOutcome, EventType

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
STUDY = "1.2.826.0.1.3680043.8.498.1"
CR = "1.2.840.10008.5.1.4.1.1.1"
SR = "1.2.840.10008.5.1.4.1.1.88.34"
SCANNER = Participant("DXA", ae_title="DXA", address="10.0.0.5")
PACS = Participant("PACS", ae_title="PACS", name="pacs", address="pacs.example")
PERSON = Participant("anna@host", address="host")
FAILURE = EventOutcome.SERIOUS_FAILURE

SAMPLES: dict[str, AuditRecord] = {
    "a process starts": events.application_activity("worker", EventType.APPLICATION_START, NOW),
    "a process stops": events.application_activity("worker", EventType.APPLICATION_STOP, NOW),
    "a process dies": events.application_activity(
        "supervisor",
        EventType.APPLICATION_STOP,
        NOW,
        of=Participant("4711", name="worker-1", address="host"),
        outcome=EventOutcome.MAJOR_FAILURE,
        description="the process died with exit status 1",
    ),
    "a lane is paused": events.lane_switched("destination:pacs", EventType.APPLICATION_STOP, NOW, by=PERSON),
    "a lane is resumed": events.lane_switched("infer", EventType.APPLICATION_START, NOW, by=PERSON),
    "instances came": events.instances_received(SCANNER, STUDY, {CR: 8}, NOW, are_new=True),
    "known instances came again": events.instances_received(SCANNER, STUDY, {CR: 8}, NOW, are_new=False),
    "a listener died": events.instances_received(
        SCANNER, STUDY, {}, NOW, are_new=True, outcome=FAILURE, description="the listener died"
    ),
    "a report was sent": events.report_sent(PACS, STUDY, {SR: ("2.25.1",), CR: ("2.25.2", "2.25.3")}, NOW),
    "a report was given up": events.report_sent(
        PACS, STUDY, {}, NOW, outcome=FAILURE, description="0xa900: it <does> not & match"
    ),
    "a study's instances went": events.study_deleted(
        STUDY, "instances removed because of age: delivered, 8 instances, 4096 bytes", NOW, role="scheduler"
    ),
    "a study was let go by a person": events.study_deleted(
        STUDY, "study removed because of age: delivered", NOW, role="cli", by=PERSON
    ),
    "quarantine was emptied": events.quarantine_emptied(
        Path("/var/spool/a quarantine"), "quarantine removed because of age: 2 files", NOW, role="scheduler"
    ),
    "a peer was refused": events.association_refused(SCANNER, "calling_ae_title", 1, NOW),
    "peers were refused": events.association_refused(Participant("several peers"), "too many", 70, NOW),
    "a UID is taken": events.uid_conflict(SCANNER, STUDY, "SOP Instance UID of another study", 2, NOW),
    "a bundle was changed": model_events.bundle_tampered(
        "worker", Path("/opt/a bundle"), "x has been changed", NOW
    ),
    "a model is in service": model_events.model_activated(
        Path("/opt/bundle"), "spine 1.1", "spine 1.0", "a" * 64, NOW
    ),
    "a model came from the trainer": model_events.model_changed(
        Path("/opt/models/a"), "model spine 1.2 registered as candidate", NOW, by=None
    ),
    "a person changed the model": model_events.model_changed(
        Path("/opt/models/a"), "model spine 1.2 put into service in place of spine 1.1, promoted", NOW, by=PERSON
    ),
    "a training was asked for": model_events.training_changed(
        7, "asked for", EventType.APPLICATION_START, NOW, by=PERSON
    ),
    "a training failed": model_events.training_changed(
        7, "failed: out of memory", EventType.APPLICATION_STOP, NOW, outcome=FAILURE
    ),
    "a candidate was judged": model_events.gate_decided(
        Path("/opt/bundle"), "spine 1.1", "1.0", NOW, is_passed=False, by=PERSON
    ),
    "the database was upgraded": events.database_upgraded("sqlite:///x.db", "0001", "0002", NOW, by=PERSON),
    "a document labelled a study": events.study_labelled("label positive from sr", STUDY, NOW, role="worker"),
    "a person labelled a study": events.study_labelled("label exclude", STUDY, NOW, role="cli", by=PERSON),
    "a data set was written": events.data_set_written("data set 1: 80 images", Path("/var/a set"), NOW, by=PERSON),
    "a data set was dropped": events.data_set_dropped("data set 1 dropped", Path("/var/a set"), NOW, by=PERSON),
    "jobs were changed": events.jobs_changed("cancelled", STUDY, [7, 9], NOW, by=PERSON),
    "the trail was read": events.log_used("sqlite:///x.db", "listed 3 events", NOW, by=PERSON),
}
