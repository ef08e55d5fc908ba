"""What happens to a service under load."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from random import Random
from typing import Protocol

import psutil

from databases import postgresql_stopped
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.jobs import rescue
from osteo_pacs.jobs.workers import worker_name
from peers import Abort, Answer, Disconnect, ScriptedScp, TcpProxy, until
from services import Service

LEASE_S = 2.0
FROZEN_FOR_S = 20
CAUGHT_WITHIN_S = 5
ENDED_WITHIN_S = 30


class Victim(Protocol):
    """What a mishap may touch."""

    service: Service
    database: Database
    pacs: ScriptedScp
    ways: tuple[TcpProxy, ...]


Mishap = Callable[[Victim, Random], str]
"""Does its harm and says in words what it was."""


def kill(role: str) -> Mishap:
    """SIGKILL to one process of a role, at any moment."""

    def mishap(victim: Victim, random: Random) -> str:
        delay_s = random.uniform(0, 1)
        time.sleep(delay_s)
        child = random.choice(until(lambda: victim.service.children(role), what=f"a {role}"))
        child.send_signal(signal.SIGKILL)
        return f"{role} killed after {delay_s:.2f} s"

    return mishap


def kill_supervisor(victim: Victim, random: Random) -> str:
    """SIGKILL to the supervisor: its processes must end by themselves, and another start goes on."""
    delay_s = random.uniform(0, 1)
    time.sleep(delay_s)
    children = victim.service.children()
    victim.service.process.kill()
    victim.service.process.wait()
    _, left = psutil.wait_procs(children, timeout=ENDED_WITHIN_S)
    assert not left, f"they outlived their supervisor: {left}"
    victim.service.start(worker_ready=False)
    return f"supervisor killed after {delay_s:.2f} s"


def freeze_worker(victim: Victim, _random: Random) -> str:
    """SIGSTOP to a worker that has a job, until its lease is over; then it goes on as if nothing had been."""
    worker = _busy_worker(victim)
    worker.suspend()
    ends_s = time.monotonic() + FROZEN_FOR_S
    try:
        held = _held_by(victim, worker)
        while _held_by(victim, worker) != 0 and time.monotonic() < ends_s:
            time.sleep(0.1)
    finally:
        worker.resume()
    return f"worker frozen past its lease with {'?' if held is None else held} jobs in hand"


def _held_by(victim: Victim, worker: psutil.Process) -> int | None:
    """How many jobs a worker has; None where it was frozen inside a transaction, and has SQLite locked."""
    try:
        return len(rescue.leases(victim.database, worker_name(worker.pid)))
    except DatabaseUnavailable:
        return None


def lose_responses(victim: Victim, random: Random) -> str:
    """The PACS takes what it gets and says nothing of it, or says that it cannot."""
    actions = [Abort(), Disconnect(), Answer(0xA700), Answer(0x0110), Answer(0x0111), Answer(0xB007)]
    chosen = [random.choice(actions) for _ in range(6)]
    victim.pacs.script.extend(chosen)
    time.sleep(1)
    return f"responses lost at the PACS: {', '.join(str(action) for action in chosen)}"


def take_database_away(victim: Victim, random: Random) -> str:
    """PostgreSQL dies with all its connections, or another process has SQLite locked; then it is there again."""
    delay_s, away_s = random.uniform(0, 0.5), random.uniform(1, 4)
    time.sleep(delay_s)
    if victim.database.file is None:
        with postgresql_stopped():
            time.sleep(away_s)
    else:
        other = sqlite3.connect(victim.database.file, isolation_level=None, timeout=10)
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(away_s)
        other.execute("ROLLBACK")
        other.close()
    return f"database away after {delay_s:.2f} s for {away_s:.1f} s"


def let_go(victim: Victim, random: Random) -> None:
    """Every connection on one of the ways ends, wherever its peers are."""
    random.choice(victim.ways).drop()


def _busy_worker(victim: Victim) -> psutil.Process:
    """A worker that has a claim, or any if none is caught in time."""
    ends_s = time.monotonic() + CAUGHT_WITHIN_S
    workers = until(lambda: victim.service.children("worker"), what="a worker")
    while time.monotonic() < ends_s:
        for worker in workers:
            if _held_by(victim, worker):
                return worker
        time.sleep(0.002)
    return workers[0]


MISHAPS: tuple[Mishap, ...] = (
    kill("listener"),
    freeze_worker,
    kill("courier"),
    lose_responses,
    kill("scheduler"),
    kill("worker"),
    kill("listener"),
    take_database_away,
    kill("courier"),
    kill_supervisor,
)
"""Ten rounds: every kind of process is killed. Few of each: the supervisor waits longer before each restart."""
