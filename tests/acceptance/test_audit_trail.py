"""The audit trail of a service that runs: a study in, its report out, a stranger, a person; and a repository."""

import pytest
from sqlalchemy import text

from audit_schema import parsed
from databases import ON_POSTGRESQL
from osteo_pacs.db.session import Database
from peers.audit_repository import AuditRepository
from peers.dcmtk import storescu
from peers.polling import until
from services import Service, destination

CALLED = "OSTEO_PACS"
PROCESSES = {"supervisor", "listener", "worker", "courier", "scheduler"}


@pytest.fixture
def repository(tmp_path):
    with AuditRepository(tmp_path) as running:
        yield running


@pytest.fixture
def service(tmp_path, database_url, pacs, repository):
    settings = {
        "listener": {"calling_ae_titles": ["STORESCU"]},
        "audit": {"host": "127.0.0.1", "port": repository.port, "ca": str(repository.ca), "every_s": 1},
    }
    to_pacs = destination("pacs", pacs.port, pacs.ae_title)
    with Service(
        tmp_path / "service", database_url=database_url, destinations=[to_pacs], settings=settings
    ) as running:
        yield running


def forwarded(repository, code):
    """The messages of a kind that the repository has."""
    messages = [parsed(message.partition(b"\xef\xbb\xbf")[2]) for message in list(repository.messages)]
    return [each for each in messages if each.find("EventIdentification/EventID").get("csd-code") == code]


@ON_POSTGRESQL
def test_the_trail_tells_who_did_what_and_holds(service, study, files, database_url, repository):
    storescu(service.port, *files, called=CALLED)
    storescu(service.port, files[0], called=CALLED, calling="STRANGER", is_success=False)
    until(lambda: [*service.events("report_delivered")], timeout_s=120, every_s=0.2)
    service.ask("queue", "pause", "--kind", "infer")
    until(lambda: len(forwarded(repository, "110104")) == 2, timeout_s=60, every_s=0.2)
    assert service.stop() == 0

    events = service.ask("audit", "list", "--limit", "1000")
    sent, received = [event for event in events if event["event"] == "instances_transferred"]
    assert (received["actor"], received["action"]) == ("STORESCU", "C")
    assert (sent["actor"], sent["action"]) == ("courier", "R")
    assert received["studies"] == sent["studies"] == [study.study_instance_uid]
    alerts = {event["actor"]: event["description"] for event in events if event["event"] == "security_alert"}
    assert "calling_ae_title" in alerts["STRANGER"]
    assert "put into service" in alerts["worker"]
    for kind in ("application_start", "application_stop"):
        told = {event["source"].partition("@")[0] for event in events if event["event_type"] == kind}
        assert told >= PROCESSES
    assert "queue lane infer paused" in {event["description"] for event in events}

    exported = service.run("audit", "export").stdout
    assert study.study_instance_uid in exported
    assert str(study.datasets[0].PatientID) not in exported
    assert service.ask("audit", "verify")["ok"]
    tamper(database_url, received["position"])
    broken = service.run("audit", "verify")
    assert broken.returncode == 1
    assert f"Event {received['position']} is broken" in broken.stderr


def tamper(database_url, position):
    """Someone who may change tables takes the trigger away and a trace."""
    database = Database(database_url)
    drop = "DROP TRIGGER audit_event_no_update"
    if not database.is_sqlite:
        drop = "DROP TRIGGER audit_event_no_change ON audit_event"
    with database.write() as session:
        session.execute(text(drop))
        session.execute(
            text("UPDATE audit_event SET actor = 'NOBODY' WHERE position = :position"), {"position": position}
        )
    database.close()
