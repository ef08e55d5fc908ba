"""Part 10 files pushed to a listener by C-STORE, each in the transfer syntax in which it lies on disk.

    for pushed in push([Path("a.dcm"), Path("b.dcm")], peer, timeout_s=60):
        ...                                         # one value for each file, in their order, as it happens

A lost association is opened again for the next file. Where none can be opened, the files that are left fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import UID

from osteo_pacs.deliver.association import Association, AssociationRejected, Peer
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.disposition import Delivered, DeliveredWithWarning, disposition
from osteo_pacs.deliver.instance import Instance, NotSendable
from osteo_pacs.deliver.outcome import Answered
from osteo_pacs.deliver.scu import LOST, RELEASE_S, describe
from osteo_pacs.deliver.wire import Wire

CONNECT_TIMEOUT_S = 10.0
MAX_CONTEXTS = 128
"""Presentation contexts have odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""
Kind = tuple[str, str]
"""SOP Class UID and transfer syntax UID."""
HEAD_BYTES = 64 * 1024
"""Enough for the File Meta Information of a Part 10 file."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of one file.

    ``status`` is the answer to C-STORE, None where there was none; ``unreachable`` says why there was not even an
    association, and is empty where there was one.
    """

    path: Path
    is_stored: bool
    status: int | None
    detail: str
    unreachable: str = ""


def push(paths: Sequence[Path], peer: Peer, *, timeout_s: float) -> Iterator[Pushed]:
    """Sends the files, each within ``timeout_s`` seconds, over as few associations as their kinds allow."""
    pusher = _Pusher(peer, timeout_s)
    for batch, proposal in _batches(paths):
        try:
            for path in batch:
                yield pusher.push(path, proposal)
        finally:
            pusher.release()


class _Pusher:
    def __init__(self, peer: Peer, timeout_s: float) -> None:
        self._peer = peer
        self._timeout_s = timeout_s
        self._association: Association | None = None
        self._unreachable = ""

    def push(self, path: Path, proposal: Sequence[Kind]) -> Pushed:
        try:
            instance = Instance.from_part10(path.read_bytes())
        except NotSendable as error:
            return _failed(path, f"it is no Part 10 file: {error.detail}")
        except OSError as error:
            return _failed(path, f"it cannot be read: {error.strerror}")
        association = self._association or self._associate(proposal)
        if association is None:
            return _failed(path, f"not sent: {self._unreachable}", unreachable=self._unreachable)
        return self._store(association, path, instance)

    def release(self) -> None:
        if self._association is not None:
            self._association.release(Deadline.after(RELEASE_S))
            self._association = None

    def _associate(self, proposal: Sequence[Kind]) -> Association | None:
        if self._unreachable:
            return None
        wire = Wire()
        try:
            self._association = Association.request(wire, self._peer, proposal, Deadline.after(CONNECT_TIMEOUT_S))
        except (*LOST, AssociationRejected) as error:
            wire.close()
            self._unreachable = describe(error)
        return self._association

    def _store(self, association: Association, path: Path, instance: Instance) -> Pushed:
        try:
            status = association.store(instance, Deadline.after(self._timeout_s))
        except (KeyError, NotSendable):
            sop_class, syntax = (
                UID(instance.sop_class_uid).name or "an empty SOP Class",
                UID(instance.transfer_syntax_uid).name,
            )
            return _failed(path, f"{sop_class} in {syntax} is not taken there")
        except LOST as error:
            association.abort()
            self._association = None
            return _failed(path, f"no answer to C-STORE: {describe(error)}")
        return _answered(path, instance, status)


def part10_files(folder: Path) -> list[Path]:
    """The Part 10 files below a folder in the order of their paths; whatever else lies there is passed over."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _kind(path)]


def _batches(paths: Sequence[Path]) -> Iterator[tuple[list[Path], list[Kind]]]:
    batch: list[Path] = []
    kinds: dict[Kind, None] = {}
    for path in paths:
        kind = _kind(path)
        if kind and kind not in kinds and len(kinds) == MAX_CONTEXTS:
            yield batch, list(kinds)
            batch, kinds = [], {}
        batch.append(path)
        if kind:
            kinds[kind] = None
    if batch:
        yield batch, list(kinds)


def _kind(path: Path) -> Kind | None:
    """The kind of a file; None for a file that is no Part 10 file."""
    try:
        with path.open("rb") as file:
            instance = Instance.from_part10(file.read(HEAD_BYTES))
    except (NotSendable, OSError):
        return None
    return instance.sop_class_uid, instance.transfer_syntax_uid


def _answered(path: Path, instance: Instance, status: int) -> Pushed:
    match disposition(Answered(instance.sop_instance_uid, status)):
        case Delivered():
            return Pushed(path, is_stored=True, status=status, detail="stored")
        case DeliveredWithWarning():
            return Pushed(path, is_stored=True, status=status, detail=f"stored with warning {status:#06x}")
        case failed:
            return Pushed(path, is_stored=False, status=status, detail=failed.reason)


def _failed(path: Path, detail: str, *, unreachable: str = "") -> Pushed:
    return Pushed(path, is_stored=False, status=None, detail=detail, unreachable=unreachable)
