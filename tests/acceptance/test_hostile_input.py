"""Every bad input before the running service: it has its answer, and an honest peer is served at once."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from certificates import OURS, Hospital
from databases import new_url
from hostile.gate import MAX_INSTANCE_MIB, PDU_TIMEOUT_S, Gate
from hostile.stored import send_all
from hostile.table import TABLE, TLS_TABLE
from osteo_pacs.db.session import Database
from peers import until
from receiving import an_instance
from receiving.process import installation
from services import Service

SERVED_WITHIN_S = 2.0
MEMORY_MIB = 100
"""What a listener may have at most, at any time: at rest it has about half."""
LISTENER = {
    "calling_ae_titles": ["SCANNER", "ANOTHER"],
    "addresses": ["127.0.0.1"],
    "pdu_timeout_s": PDU_TIMEOUT_S,
    "max_instance_mib": MAX_INSTANCE_MIB,
    "max_associations": 20,
}


class Outcomes:
    """How the studies ended that were sent before the first row."""

    def __init__(self, service: Service, studies: dict[str, str]) -> None:
        self._service = service
        self._studies = studies
        self._ended: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        uid = self._studies[name]
        until(lambda: uid in self._look(), timeout_s=120, every_s=0.5, what=f"{name} is judged")
        return self._ended[uid]

    def _look(self) -> dict[str, str]:
        if not set(self._studies.values()) <= self._ended.keys():
            database = Database(self._service.environment["OSTEO_PACS__DATABASE__URL"])
            with database.read() as session:
                self._ended = dict(list(session.execute(text(ENDED))))
            database.close()
        return self._ended


ENDED = """
SELECT study_instance_uid,
  CASE WHEN job.state = 'parked' THEN 'parked: ' || job.last_error
       WHEN report.outcome <> 'refused' THEN 'read'
       WHEN min(instance.reason) LIKE 'The image could not be read%' THEN 'refused: ' || min(instance.reason)
       ELSE 'refused: by its look' END
FROM study JOIN job ON job.study_id = study.id AND job.kind = 'infer'
  JOIN instance ON instance.study_id = study.id LEFT JOIN report ON report.study_id = study.id
WHERE job.state IN ('parked', 'completed') GROUP BY study.id, job.id, report.id
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    settings = {"listener": LISTENER, "spool": {"min_free_mib": 1}}
    with Service(folder, database_url=new_url("sqlite", folder), settings=settings) as service:
        gate = Gate(service.port, folder / "var/spool")
        [listener] = service.children("listener")
        yield replace(gate, outcomes=Outcomes(service, send_all(gate))), listener.pid


@pytest.fixture(scope="module")
def under_tls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    hospital = Hospital(folder)
    scanner, ours = hospital.issue("scanner.example"), hospital.issue(OURS)
    titles = {"scanner.example": ["SCANNER"], "another.example": ["ANOTHER"]}
    keys = LISTENER | {key: str(value) for key, value in ours.keys.items()} | {"tls_ae_titles": titles}
    stranger = ssl.create_default_context(cafile=scanner.ca)
    stranger.check_hostname = False
    installed = installation(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in in_environment(keys).items():
            patch.setenv(name, value)
        with installed.listener() as listener:
            gate = Gate(installed.port, folder / "var/spool", scanner.client_context(), stranger)
            yield gate, listener.process.pid


def in_environment(keys):
    return {
        f"OSTEO_PACS__LISTENER__{key}".upper(): value if isinstance(value, str) else json.dumps(value)
        for key, value in keys.items()
    }


def serve_an_honest_peer(gate):
    """It tries again when all places are taken: those of an attack become free when the listener sees its end."""
    started = time.monotonic()
    with until(gate.guest, timeout_s=SERVED_WITHIN_S, what="a place") as peer:
        assert peer.c_store(an_instance()).status == 0
        assert peer.c_echo().status == 0
        peer.release()
    assert time.monotonic() - started < SERVED_WITHIN_S


def most_memory_mib(pid):
    """The most that a process and its own have had in memory (VmHWM)."""
    processes = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    statuses = [Path(f"/proc/{each}/status").read_text() for each in processes]
    return max(int(status.partition("VmHWM:")[2].split()[0]) // 1024 for status in statuses)


def stands(gate, pid, row):
    answer = row.attack(gate)
    serve_an_honest_peer(gate)
    assert most_memory_mib(pid) < MEMORY_MIB
    assert answer == row.answer


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_bad_input_has_its_answer_and_an_honest_peer_is_served(plain, row):
    stands(*plain, row)


@pytest.mark.parametrize("row", TLS_TABLE, ids=str)
def test_a_bad_input_under_tls_has_its_answer_and_an_honest_peer_is_served(under_tls, row):
    stands(*under_tls, row)


def test_every_file_of_the_spool_begins_with_zeros_whatever_the_sender_had_there(plain):
    gate, _ = plain
    files = [path for path in gate.spool.rglob("*.dcm") if path.is_file()]
    assert files
    assert {path.read_bytes()[:132] for path in files} == {bytes(128) + b"DICM"}
    assert not [path for path in gate.spool.rglob("*") if "passwd" in path.name]
