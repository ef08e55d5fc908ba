"""The listener as a process: what it promised survives its death, and it costs little."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from databases import KINDS, drop_postgresql
from osteo_pacs.db.session import Database
from osteo_pacs.receive.listener import ORPHAN_AGE, clear_orphans
from osteo_pacs.spool import Spool
from peers import until
from receiving import RawPeer, an_instance
from receiving.instances import new_uid
from receiving.process import Installation, ListenerProcess, installation
from receiving.raw_peer import RELEASE_RP, RELEASE_RQ, associate_rq, pdu

OUT_OF_RESOURCES = 0xA700
MUST_NOT_BE_LOADED = {
    "pydicom", "pynetdicom", "numpy", "PIL", "torch", "monai", "highdicom", "openvino", "scipy",
    "pylibjpeg", "libjpeg", "openjpeg", "jpeg_ls",
    "osteo_pacs.decode", "osteo_pacs.infer.bundle", "osteo_pacs.report", "osteo_pacs.worker",
}  # fmt: skip


@pytest.fixture
def installed(tmp_path) -> Installation:
    return installation(tmp_path)


class Sender:
    """Sends until the listener is gone, and remembers what it was promised."""

    def __init__(self, port: int, *, size: int = 50_000) -> None:
        self.acknowledged: dict[str, str] = {}
        self._port = port
        self._size = size
        self._thread = threading.Thread(target=self._send)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _send(self) -> None:
        study = new_uid()
        try:
            with RawPeer(self._port) as peer:
                peer.associate()
                while True:
                    instance = an_instance(study=study, pixels=os.urandom(self._size))
                    if peer.c_store(instance).status == 0:
                        self.acknowledged[instance.uid] = instance.sha256
        except (OSError, AssertionError):
            # The connection ended in the middle of something.
            return


def send_until_death(
    installed: Installation, listener: ListenerProcess, *, kill_after: int | None
) -> dict[str, str]:
    """What four senders were promised until the listener died, by itself or after so many promises."""
    senders = [Sender(installed.port) for _ in range(4)]
    for sender in senders:
        sender.start()
    if kill_after is not None:
        until(lambda: sum(len(sender.acknowledged) for sender in senders) >= kill_after)
        listener.kill()
    for sender in senders:
        sender.join()
    return {uid: digest for sender in senders for uid, digest in sender.acknowledged.items()}


def orphans_left(installed: Installation) -> int:
    """Files without a row once the start-up of a later day has cleared away."""
    database, spool = Database(installed.database_url), Spool(installed.folder / "var/spool")
    clear_orphans(database, spool, lambda: datetime.now(UTC) + ORPHAN_AGE + timedelta(minutes=1))
    database.close()
    files = [path for path in (spool.directory / "instances").rglob("*") if path.is_file()]
    return len(files) - len(installed.stored())


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_acknowledged_survives_sigkill(tmp_path, kind):
    installed = installation(tmp_path, kind)
    acknowledged: dict[str, str] = {}
    for _ in range(3):
        with installed.listener() as listener:
            kill_after = random.SystemRandom().randint(5, 40)
            acknowledged |= send_until_death(installed, listener, kill_after=kill_after)
        stored = installed.stored()
        assert acknowledged.items() <= stored.items()
    assert len(acknowledged) >= 15
    assert orphans_left(installed) == 0
    if kind == "postgresql":
        drop_postgresql(installed.database_url)


@pytest.mark.parametrize(
    ("call", "number"), [*(("fsync", n) for n in (4, 5, 6, 9)), ("write", 30), ("pwrite64", 30)]
)
def test_what_was_acknowledged_survives_a_kill_inside_a_system_call(installed, call, number):
    # strace counts for each thread; the main one has some at the start, for the folders and the audit trail.
    strace = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:signal=KILL:when={number}",
    ]
    with installed.listener(under=strace) as listener:
        acknowledged = send_until_death(installed, listener, kill_after=None)
        listener.process.wait(30)
    assert acknowledged.items() <= installed.stored().items()
    assert orphans_left(installed) == 0
    with installed.listener(), RawPeer(installed.port) as peer:
        peer.associate()
        assert peer.c_store(an_instance()).status == 0


@pytest.mark.parametrize(("call", "error"), [("fsync", "EIO"), ("write", "ENOSPC")])
def test_a_disk_that_fails_now_and_then_refuses_and_loses_nothing(installed, call, error):
    inject = f"inject={call}:error={error}:when=9+7"
    strace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}"]
    with installed.listener(under=[*strace, "-e", inject]) as listener:
        statuses = [status for _ in range(2) for status in statuses_of(installed.port, 15)]
        assert set(statuses) == {0, OUT_OF_RESOURCES}
        assert listener.event("instance_not_kept")
        listener.kill()
    stored = installed.stored()
    assert len(stored) >= statuses.count(0)
    assert orphans_left(installed) == 0


def statuses_of(port: int, count: int) -> list[int]:
    """What a sender is answered to new instances over one association."""
    with RawPeer(port) as peer:
        peer.associate()
        return [peer.c_store(an_instance(pixels=os.urandom(20_000))).status for _ in range(count)]


def test_two_processes_share_the_port(installed):
    with installed.listener() as one, installed.listener() as other:
        for _ in range(40):
            with RawPeer(installed.port) as peer:
                peer.associate()
                assert peer.c_store(an_instance()).status == 0
                peer.release()
        until(lambda: one.event("association_ended") and other.event("association_ended"))
    assert len(installed.stored()) == 40


def test_a_second_listener_that_should_be_alone_is_refused(installed, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__LISTENER__PROCESSES", "1")
    alone = installed.environment | {"OSTEO_PACS__LISTENER__PROCESSES": "1"}
    with installed.listener():
        command = [sys.executable, "-m", "osteo_pacs", "listener"]
        refused = subprocess.run(command, env=alone, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode
    assert str(installed.port) in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_time_whatever_peers_do(installed, number):
    with installed.listener() as listener:
        stuck = [RawPeer(installed.port) for _ in range(3)]
        for peer in stuck:
            peer.associate()
            peer.send(b"\x04\x00\x00")
        started = time.monotonic()
        listener.process.send_signal(number)
        assert listener.process.wait(20) == 0
        assert time.monotonic() - started < 12
        for peer in stuck:
            peer.connection.close()


@pytest.mark.parametrize("begun", [b"", b"\x01\x00\x00", associate_rq()[:40]])
def test_more_silent_peers_than_the_limit_keep_no_one_out_and_are_closed_in_time(installed, monkeypatch, begun):
    monkeypatch.setenv("OSTEO_PACS__LISTENER__MAX_ASSOCIATIONS", "5")
    monkeypatch.setenv("OSTEO_PACS__LISTENER__MAX_ASSOCIATIONS_PER_PEER", "5")
    monkeypatch.setenv("OSTEO_PACS__LISTENER__PDU_TIMEOUT_S", "5")
    with installed.listener() as listener, ExitStack() as silent_peers:
        silent = [silent_peers.enter_context(RawPeer(installed.port, timeout_s=30)) for _ in range(60)]
        for peer in silent:
            peer.send(begun)
        with RawPeer(installed.port) as honest:
            honest.associate()
            assert honest.c_store(an_instance()).status == 0
            assert not has_ended(silent[-1]), "it was there meanwhile"
        assert all(peer.is_closed() for peer in silent)
        until(lambda: threads_of(listener.process.pid) < len(silent))
    assert len(installed.stored()) == 1


def has_ended(peer: RawPeer) -> bool:
    """Whether the listener has closed the connection already."""
    return bool(select.select([peer.connection], [], [], 0)[0])


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def test_twenty_idle_associations_cost_next_to_nothing(installed):
    with installed.listener() as listener:
        peers = [RawPeer(installed.port) for _ in range(20)]
        for peer in peers:
            peer.associate()
            assert peer.c_store(an_instance()).status == 0
        before, started = cpu_s(listener.process.pid), time.monotonic()
        until(lambda: time.monotonic() - started > 3)
        spent = cpu_s(listener.process.pid) - before
        for peer in peers:
            peer.send(pdu(RELEASE_RQ, bytes(4)))
            assert peer.read()[0] == RELEASE_RP
            peer.connection.close()
    assert spent / 3 < 0.02


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("module", ["osteo_pacs.service.listener", "osteo_pacs.receive.completeness"])
def test_receiving_loads_no_decoder_and_no_model(module):
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not loaded & MUST_NOT_BE_LOADED
