"""The network hangs or crashes, or its device fails: the study is parked with the reason, the others are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydicom.uid import Comprehensive3DSRStorage

import saboteur
from osteo_pacs.phantom import PhantomKind, make_study, write_study
from peers import ScriptedScp
from peers.dcmtk import storescu
from peers.polling import until
from services import Service, destination

CALLED = "OSTEO_PACS"
SETTINGS = {
    "jobs": {"max_attempts": 1, "backoff_s": 0.2, "max_backoff_s": 0.5, "lease_s": 10},
    "worker": {"prediction_timeout_s": 4, "device": "cpu"},
    "completeness": {"quiet_s": 0.3},
}
PATIENTLY = {"timeout_s": 240, "every_s": 0.3}
# Seeds of patients whom no age floor keeps from the network, as those from 101 on are.
OLD_ENOUGH = {1: 1, 2: 2, 3: 3, 4: 5}
HANGS_OR_DIES = "Its worker died or hung."
ENDS = {
    "memory": ("The device has too little memory", False),
    "cuda": ("The device failed", True),
    "crash": (HANGS_OR_DIES, True),
    "hang": (HANGS_OR_DIES, True),
}


@pytest.fixture
def orders(tmp_path):
    return tmp_path / "orders"


@pytest.fixture
def pacs():
    with ScriptedScp(ae_title="PACS") as scp:
        yield scp


@pytest.fixture
def service(tmp_path, sqlite_url, pacs, orders):
    to_pacs = destination("pacs", pacs.port, "PACS")
    service = Service(tmp_path / "service", database_url=sqlite_url, destinations=[to_pacs], settings=SETTINGS)
    path = os.pathsep.join([str(Path(saboteur.__path__[0])), service.environment.get("PYTHONPATH", "")])
    service.environment |= {"PYTHONPATH": path, "SABOTEUR_ORDERS": str(orders)}
    with service:
        yield service


def send(service, folder, seed):
    """A spine of its own study."""
    files = write_study(make_study(seed, kinds=(PhantomKind.AP_SPINE,)), folder / str(seed))
    assert storescu(service.port, *files, called=CALLED).is_success


@pytest.mark.timeout(1200)
def test_a_study_that_the_network_fails_on_is_parked_and_the_others_are_read(service, pacs, orders, tmp_path):
    for count, (order, (reason, is_restarted)) in enumerate(ENDS.items(), start=1):
        deaths = len([*service.events("process_died")])
        orders.write_text(order)
        send(service, tmp_path, OLD_ENOUGH[count])
        last_error = until(lambda count=count: errors_of_parked(service, count), **PATIENTLY, what="parked")
        assert last_error.startswith(reason)
        dead = deaths + is_restarted
        until(lambda dead=dead: len([*service.events("process_died")]) == dead, **PATIENTLY, what="a death")
        orders.unlink()
        send(service, tmp_path, 100 + count)
        until(lambda count=count: len(srs(pacs)) == count, **PATIENTLY, what="the report of the next study")

    assert service.run("queue", "retry", "--state", "parked").returncode == 0
    until(lambda: len(srs(pacs)) == 2 * len(ENDS), **PATIENTLY, what="the reports of the parked studies")
    assert len(set(srs(pacs))) == 2 * len(ENDS)


def errors_of_parked(service, count):
    """Why the newest job was parked, once so many are."""
    parked = service.ask("queue", "list", "--state", "parked")
    return parked[0]["last_error"] if len(parked) == count else ""


def srs(pacs):
    return [one.sop_instance_uid for one in pacs.received if one.sop_class_uid == Comprehensive3DSRStorage]
