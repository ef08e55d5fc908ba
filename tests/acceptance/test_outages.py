"""What fails on the way is made good by itself, and gives one report."""

import signal

import psutil
import pytest
from pydicom.uid import Comprehensive3DSRStorage

from peers.dcmtk import storescu
from peers.polling import until
from services import Service, destination

CALLED = "OSTEO_PACS"
pytestmark = pytest.mark.parametrize("shared_database_url", ["postgresql"], indirect=True)
"""On both databases processes die in `test_kill_rounds.py`."""

SOON = {"jobs": {"backoff_s": 0.5, "max_backoff_s": 2, "lease_s": 6}}


@pytest.fixture(scope="module")
def running(tmp_path_factory, shared_database_url, shared_pacs):
    to_pacs = destination("pacs", shared_pacs.port, shared_pacs.ae_title, connect_timeout_s=2, send_timeout_s=5)
    folder = tmp_path_factory.mktemp("service")
    with Service(folder, database_url=shared_database_url, destinations=[to_pacs], settings=SOON) as service:
        yield service


@pytest.fixture
def service(running):
    """What a test broke has mended itself by the next."""
    running.forget_events()
    return running


@pytest.fixture
def pacs(shared_pacs):
    return shared_pacs


def srs_of(pacs, study):
    return pacs.instances(study.study_instance_uid, sop_class_uid=Comprehensive3DSRStorage)


def test_a_pacs_that_was_down_gets_one_report_when_it_is_up(service, pacs, study, files):
    pacs.stop()
    storescu(service.port, *files, called=CALLED)
    until(lambda: [*service.events("delivery_failed")], timeout_s=60, every_s=0.1)
    (delivery,) = service.ask("study", "show", study.study_instance_uid)["deliveries"]
    assert delivery["last_error"]

    pacs.start()

    until(lambda: srs_of(pacs, study), timeout_s=60, every_s=0.2)
    until(lambda: service.ask("study", "show", study.study_instance_uid)["state"] == "delivered", every_s=0.2)
    assert len(srs_of(pacs, study)) == 1


def test_a_worker_that_is_killed_while_it_reads_gives_one_report(service, pacs, study, files):
    (worker,) = service.children("worker")
    (decoder,) = worker.children()
    decoder.send_signal(signal.SIGSTOP)
    storescu(service.port, *files, called=CALLED)
    until(lambda: claimed_jobs(service), timeout_s=30, every_s=0.1, what="a claimed study")
    for process in (worker, decoder):
        process.send_signal(signal.SIGKILL)

    until(lambda: srs_of(pacs, study), timeout_s=120, every_s=0.2)
    until(lambda: service.ask("study", "show", study.study_instance_uid)["state"] == "delivered", every_s=0.2)
    assert len(srs_of(pacs, study)) == 1
    jobs = service.ask("queue", "list", "--study", study.study_instance_uid, "--kind", "infer")
    assert [(job["state"], job["attempts"]) for job in jobs] == [("completed", 2)]
    until(lambda: [*service.events("worker_ready")], timeout_s=60, every_s=0.1)


def claimed_jobs(service):
    return [job for job in service.ask("queue", "list", "--state", "claimed") if job["kind"] == "infer"]


def test_what_dies_is_started_again(service):
    for role in ("listener", "worker", "courier", "scheduler"):
        (child,) = service.children(role)
        child.send_signal(signal.SIGKILL)
        psutil.wait_procs([child], timeout=10)
        until(lambda role=role: len(service.children(role)) == 1, timeout_s=20, every_s=0.1, what=f"a new {role}")
    assert len([*service.events("process_died")]) == 4
    until(lambda: [*service.events("worker_ready")] and [*service.events("ready")], timeout_s=60, every_s=0.1)


def test_sigterm_ends_every_process_and_loses_nothing(service, pacs, study, files):
    storescu(service.port, *files, called=CALLED)
    children = service.children()
    assert service.stop() == 0
    assert not [child for child in children if child.is_running()]

    service.start()

    until(lambda: srs_of(pacs, study), timeout_s=60, every_s=0.2)
