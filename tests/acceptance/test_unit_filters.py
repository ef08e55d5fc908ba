"""Each process, started as its unit starts it, asks the kernel for nothing that its unit refuses."""

import os
import re
import signal
import subprocess

import psutil
import pytest

from databases import new_url
from osteo_pacs.phantom import write_study
from peers.dcmtk import storescu
from peers.polling import until
from peers.programs import program
from services import Service, destination
from systemd import allowed_calls, values

CALLED = "OSTEO_PACS"
UNIT = {
    "listener": "osteo-pacs-listener.service",
    "worker": "osteo-pacs-worker@.service",
    "courier": "osteo-pacs-courier.service",
    "scheduler": "osteo-pacs-scheduler.service",
}
AS_ROOT_ALONE = {"fchown"}
"""SQLite, run by root, gives its journal to the owner of the database."""


class Traced:
    """The four processes, none supervised, under strace."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self):
        assert self._service.run("db", "upgrade").returncode == 0
        with self._service.log.open("ab") as log:
            for role in UNIT:
                command = [program("strace"), "-f", "-qq", "-e", "signal=none", "-o", self.trace(role)]
                command += [*self._service._program(), role]
                environment = self._service.environment
                started = subprocess.Popen(command, env=environment, stderr=log, stdin=subprocess.DEVNULL)
                self._started.append(started)
        return self

    def __exit__(self, *_):
        for strace in self._started:
            for process in psutil.Process(strace.pid).children():
                process.send_signal(signal.SIGTERM)
        for strace in self._started:
            assert strace.wait(60) == 0

    def trace(self, role):
        return self._service.folder / f"{role}.trace"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("installed")


@pytest.fixture(scope="module")
def traces(folder, shared_pacs, pictures):
    """What each process asked for on the way of one study, by its role."""
    to_pacs = destination("pacs", shared_pacs.port, shared_pacs.ae_title)
    service = Service(folder / "service", database_url=new_url("sqlite", folder), destinations=[to_pacs])
    with Traced(service) as traced:
        until(lambda: [*service.events("worker_ready")] and [*service.events("ready")], timeout_s=200)
        storescu(service.port, *write_study(pictures, folder / "scanner"), called=CALLED)
        until(lambda: [*service.events("report_delivered")], timeout_s=120)
    return {role: traced.trace(role).read_text(errors="replace") for role in UNIT}


def test_no_process_asks_for_what_its_unit_refuses(traces):
    as_root = AS_ROOT_ALONE if os.geteuid() == 0 else set()
    for role, trace in traces.items():
        calls = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", trace, re.MULTILINE))
        assert len(calls) > 30
        assert calls - allowed_calls(UNIT[role]) - as_root == set(), role
        families = set(re.findall(r"socket\((AF_\w+)", trace))
        assert families <= set(values(UNIT[role], "RestrictAddressFamilies")[0].split()), role
        if values(UNIT[role], "MemoryDenyWriteExecute") == ["yes"]:
            assert not re.search(r"PROT_WRITE\|PROT_EXEC|mprotect\([^)]*PROT_EXEC", trace), role


def test_no_process_leaves_a_file_outside_its_folders(traces, folder):
    for role, trace in traces.items():
        written = set(re.findall(r'openat\([^,]+, "([^"]+)", [^)]*O_(?:WRONLY|RDWR)[^)]*\) = \d', trace))
        ours = {path for path in written if path.startswith(str(folder))}
        assert written - ours <= {"/dev/null", "/proc/self/oom_score_adj"}, role
        in_spool = {path for path in ours if "/var/spool/" in path}
        assert bool(in_spool) == (role == "listener"), role
