"""Studies without an end for a running service, and what became of each."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from pydicom import Dataset, dcmread, dcmwrite
from sqlalchemy import select

from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Document, ModelVersionRow, Report, Study
from peers.dcmtk import storescu
from peers.polling import until
from services import Service

AT_ONCE = 4


def copies(spine: Path, folder: Path) -> Iterator[list[Path]]:
    """Rounds of studies of one spine image each, without an end: the same picture under UIDs of its own."""
    ds = dcmread(spine)
    return ([_copy(ds, folder, f"{number}.{each}") for each in range(AT_ONCE)] for number in count(1))


def _copy(spine: Dataset, folder: Path, suffix: str) -> Path:
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(spine, keyword, f"2.25.1{keyword.count('I')}.{len(keyword)}.{suffix}")
    spine.file_meta.MediaStorageSOPInstanceUID = spine.SOPInstanceUID
    path = folder / f"{suffix}.dcm"
    dcmwrite(path, spine)
    return path


class Load:
    """Sends rounds of studies as long as the block lasts, and leaves it when each of them is read."""

    def __init__(self, service: Service, rounds: Iterator[list[Path]], *, called: str) -> None:
        self.sent: list[Path] = []
        self._service, self._rounds, self._called = service, rounds, called
        self._is_enough = threading.Event()
        self._before = self._read_count()
        self._sender = threading.Thread(target=self._send)

    def __enter__(self) -> Self:
        self._sender.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_enough.set()
        self._sender.join()
        if kind is None:
            until(lambda: self._unread() <= 0, timeout_s=120, every_s=0.1, what="every study read")

    def wait_for_more(self) -> None:
        """Until some rounds were sent that began after this call."""
        before = len(self.sent)
        until(lambda: len(self.sent) > before + 2 * AT_ONCE, timeout_s=120, every_s=0.05)

    def _send(self) -> None:
        while not self._is_enough.is_set():
            files = next(self._rounds)
            storescu(self._service.port, *files, called=self._called)
            self.sent.extend(files)
            # A round always waits while another is read.
            until(lambda: self._unread() <= AT_ONCE, timeout_s=120, every_s=0.05)

    def _unread(self) -> int:
        return len(self.sent) - (self._read_count() - self._before)

    def _read_count(self) -> int:
        return len([*self._service.events("study_read")])


def readings(database: Database) -> list[tuple[str, str, str]]:
    """For each report its study, the version in the database, and the one that its SR names."""
    with database.read() as session:
        rows = session.execute(
            select(Study.study_instance_uid, ModelVersionRow.version, Document.content)
            .join(Report, Report.study_id == Study.id)
            .join(ModelVersionRow, Report.model_version_id == ModelVersionRow.id)
            .join(Document, Document.report_id == Report.id)
            .where(Document.kind == "comprehensive_3d_sr")
        ).all()
    return [(uid, version, named_version(content)) for uid, version, content in rows]


def named_version(content: bytes) -> str:
    """The algorithm's version (111003, DCM), which every measurement group names alike."""
    sr = dcmread(io.BytesIO(content))
    named = {item.TextValue for item in _items(sr) if item.ConceptNameCodeSequence[0].CodeValue == "111003"}
    [version] = named
    return str(version)


def _items(container: Dataset) -> Iterator[Dataset]:
    for item in container.get("ContentSequence", []):
        yield item
        yield from _items(item)
