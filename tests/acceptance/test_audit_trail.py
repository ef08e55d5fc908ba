"""The audit trail of a service that runs: a study in, its report out, a stranger, a person; and a repository."""

import pytest
from sqlalchemy import text

from audit_schema import parsed
from osteo_pacs.db.session import Database
from peers.audit_repository import AuditRepository
from peers.dcmtk import storescu
from peers.polling import until
from services import Service, destination

CALLED = "OSTEO_PACS"
START, STOP = ("application_activity", "application_start"), ("application_activity", "application_stop")
PROCESSES = ("supervisor", "listener", "worker", "courier", "scheduler")


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


def events(service, *filters):
    return service.ask("audit", "list", "--limit", "1000", *filters)


def transfers(service):
    return events(service, "--event", "instances_transferred")


def test_the_trail_tells_who_did_what_and_holds(service, study, files, database_url, repository):
    storescu(service.port, *files, called=CALLED)
    storescu(service.port, files[0], called=CALLED, calling="STRANGER", is_success=False)
    until(lambda: len(transfers(service)) == 2, timeout_s=90, every_s=0.5)
    service.ask("queue", "pause", "--kind", "infer")
    model = until(lambda: [e for e in events(service) if "put into service" in e["description"]], every_s=0.5)
    sent, received = transfers(service)
    assert service.stop() == 0

    assert (received["actor"], received["action"], received["studies"]) == (
        "STORESCU",
        "C",
        [study.study_instance_uid],
    )
    assert (sent["actor"], sent["action"], sent["studies"]) == ("courier", "R", [study.study_instance_uid])
    assert len(model) == 1
    [refused] = events(service, "--event", "security_alert", "--outcome", "minor_failure")
    assert (refused["actor"], "calling_ae_title" in refused["description"]) == ("STRANGER", True)
    activity = events(service, "--event", "application_activity")
    for kind in (START, STOP):
        told = [e["source"].partition("@")[0] for e in activity if (e["event"], e["event_type"]) == kind]
        assert set(told) >= set(PROCESSES)
    assert "queue lane infer paused" in {event["description"] for event in activity}

    forwarded = [parsed(message.partition(b"\xef\xbb\xbf")[2]) for message in repository.messages]
    codes = {message.find("EventIdentification/EventID").get("csd-code") for message in forwarded}
    assert codes >= {"110100", "110101", "110104", "110113"}
    exported = service.run("audit", "export").stdout
    assert str(study.datasets[0].PatientID) not in exported
    assert study.study_instance_uid in exported

    verdict = service.ask("audit", "verify")
    assert verdict["ok"]
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
