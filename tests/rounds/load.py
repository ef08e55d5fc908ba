"""Honest senders: each sends its studies as a scanner does, again and again until everything was acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from random import Random

from pydicom import Dataset
from pynetdicom.dsutils import encode

from osteo_pacs.phantom import PhantomKind, make_study
from receiving import RawPeer
from receiving.instances import Instance, uid_value
from receiving.raw_peer import ABORT, pdu

KINDS = (PhantomKind.AP_SPINE, PhantomKind.FEMUR_LEFT)
ANSWER_WITHIN_S = 20
GIVE_UP_AFTER_S = 180
ABORTED = 0.3
"""Of all associations that could send more, so many are aborted instead."""


def simulated(seed: int) -> list[Instance]:
    """A study of a spine and a femur as a peer of bytes sends it."""
    return [_as_bytes(ds) for ds in make_study(seed, kinds=KINDS).datasets]


def _as_bytes(ds: Dataset) -> Instance:
    raw = encode(ds, True, True)
    assert raw
    return Instance(uid_value(ds.SOPClassUID), uid_value(ds.SOPInstanceUID), raw=raw)


class Sender(threading.Thread):
    """Sends studies one after the other over an unsteady way, and remembers what it got Success for.

    Attributes:
        acknowledged: sha256 of the Data Set by SOP Instance UID.
        refused: statuses other than Success, as they came; those instances were sent again.
        unsent: SOP Instance UIDs that it had to give up.
    """

    def __init__(self, port: int, studies: Sequence[Sequence[Instance]], random: Random) -> None:
        super().__init__(daemon=True)
        self.acknowledged: dict[str, str] = {}
        self.refused: list[int] = []
        self.unsent: list[str] = []
        self._port = port
        self._studies = studies
        self._random = random

    def run(self) -> None:
        """Until everything is acknowledged or given up."""
        for study in self._studies:
            waiting = list(study)
            ends_s = time.monotonic() + GIVE_UP_AFTER_S
            while waiting and time.monotonic() < ends_s:
                # What was acknowledged before the connection ended need not be sent again; at times it is.
                again = study if self._random.random() < 0.3 else waiting
                self._associate_and_send(list(again))
                waiting = [instance for instance in study if instance.uid not in self.acknowledged]
                time.sleep(0.05 if waiting else 0)
            self.unsent += [instance.uid for instance in waiting]

    def _associate_and_send(self, instances: list[Instance]) -> None:
        try:
            with RawPeer(self._port, timeout_s=ANSWER_WITHIN_S) as peer:
                peer.associate()
                for instance in instances:
                    answer = peer.c_store(instance)
                    if answer.status:
                        self.refused.append(answer.status)
                        return
                    self.acknowledged[instance.uid] = instance.sha256
                    if self._random.random() < ABORTED:
                        peer.send(pdu(ABORT, bytes(4)))
                        return
                peer.release()
        except (OSError, AssertionError):
            # Refused, or ended in the middle of something.
            return


def seeds(random: Random) -> Iterator[int]:
    """Seeds of studies, no two alike."""
    start = random.randrange(10**6, 10**8)
    while True:
        start += 1
        yield start
