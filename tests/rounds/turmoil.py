"""A service between senders and a PACS over ways that let go, and its rounds."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Self

from osteo_pacs.db.session import Database
from peers import ScriptedScp, TcpProxy
from rounds.archive import Archive
from rounds.checker import Checker
from rounds.load import Sender, seeds, simulated
from rounds.mishaps import LEASE_S, Mishap, let_go
from services import Service, destination

DRAINED_WITHIN_S = 180
SENDERS = 3
SETTINGS: dict[str, dict[str, Any]] = {
    "completeness": {"quiet_s": 0.3, "max_wait_s": 30},
    # Every kill costs an attempt: here they are many.
    "jobs": {"lease_s": LEASE_S, "max_attempts": 50, "backoff_s": 0.2, "max_backoff_s": 1},
    "service": {"shutdown_s": 6},
    "spool": {"min_free_mib": 1},
    "log": {"level": "info"},
}


class Turmoil:
    """One installation, its peers, and what was promised so far.

    Attributes:
        told: what happened in each round.
        acknowledged: sha256 of the Data Set by SOP Instance UID, of all rounds.
    """

    def __init__(self, folder: Path, *, database_url: str, seed: int, workers: int = 1) -> None:
        self.random = Random(seed)  # noqa: S311 - chance, no secret
        self.seed = seed
        self.told: list[str] = []
        self.acknowledged: dict[str, str] = {}
        self.archive = Archive()
        self.pacs = ScriptedScp(ae_title="PACS")
        self.to_pacs = TcpProxy(self.pacs.port)
        pacs = destination("pacs", self.to_pacs.port, "PACS", connect_timeout_s=2, send_timeout_s=5)
        settings = SETTINGS | {"worker": {"processes": workers, "device": "cpu"}}
        self.service = Service(folder, database_url=database_url, destinations=[pacs], settings=settings)
        self.to_listener = TcpProxy(self.service.port)
        self.ways = (self.to_listener, self.to_pacs)
        self.database = Database(database_url)
        self.checker = Checker(self.database, folder / "var/spool")
        self._seeds = seeds(self.random)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.callback(self.database.close)
            for part in (self.pacs, *self.ways, self.service):
                started.enter_context(part)
            self._stack = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def round(self, mishap: Mishap, *, studies: int = 2, everything: bool = False) -> list[str]:
        """Load, a mishap under it, and what was lost once everything is worked off."""
        senders = self.senders(studies)
        for sender in senders:
            sender.start()
        told = mishap(self, self.random)
        for _ in range(self.random.randint(1, 3)):
            let_go(self, self.random)
            time.sleep(0.05)
        self.told.append(told)
        return [f"{told}: {loss}" for loss in [*self.end(senders), *self.losses(everything=everything)]]

    def senders(self, studies: int) -> list[Sender]:
        """Senders with so many new studies each, not started."""
        seed_of = self._seeds
        return [
            Sender(
                self.to_listener.port,
                [simulated(next(seed_of)) for _ in range(studies)],
                Random(self.random.random()),  # noqa: S311 - chance, no secret
            )
            for _ in range(SENDERS)
        ]

    def end(self, senders: list[Sender]) -> list[str]:
        """Waits for the senders, and keeps what they were promised; what they had to give up is a loss."""
        for sender in senders:
            sender.join()
            self.acknowledged |= sender.acknowledged
        return [f"{uid} was never acknowledged" for sender in senders for uid in sender.unsent]

    def losses(self, *, everything: bool = False) -> list[str]:
        """What was lost, once the service has nothing more to do."""
        ends_s = time.monotonic() + DRAINED_WITHIN_S
        while (waiting := self.checker.waiting()) and time.monotonic() < ends_s:
            time.sleep(0.1)
        self.archive.collect(self.pacs)
        if waiting:
            return [f"not worked off: {what}" for what in waiting]
        return self.checker.losses(self.acknowledged, self.archive, everything=everything)
