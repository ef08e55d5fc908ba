"""A PACS of the smallest kind: a Storage SCP that keeps what it gets as files, for the demonstration."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydicom.filewriter import dcmwrite
from pynetdicom import AE, evt
from pynetdicom.events import Event
from pynetdicom.transport import ThreadedAssociationServer

from osteo_pacs.demo.errors import DemonstrationFailed
from osteo_pacs.dicom import sop_classes
from osteo_pacs.dicom.status import Status

AE_TITLE = "SMALL_PACS"


@dataclass
class SmallPacs:
    """What has come so far, by SOP Class UID; ``port`` is where it listens."""

    folder: Path
    port: int = 0
    _files: dict[str, Path] = field(default_factory=dict)
    _has_news: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, *sop_class_uids: str, timeout_s: float) -> dict[str, Path]:
        """The newest file of each SOP Class, once there is one of each of these.

        Raises:
            DemonstrationFailed: one of them did not come in time.
        """
        deadline_s = time.monotonic() + timeout_s
        with self._has_news:
            while not self._files.keys() >= set(sop_class_uids):
                if not self._has_news.wait(deadline_s - time.monotonic()):
                    raise DemonstrationFailed(f"no report came in {timeout_s:.0f} s.", remedy="Look into the log.")
            return dict(self._files)

    def store(self, event: Event) -> int:
        """Keeps one instance under its UID (PS3.4 B.2)."""
        ds = event.dataset
        ds.file_meta = event.file_meta
        path = self.folder / f"{ds.Modality}-{ds.SeriesNumber}-{ds.SOPInstanceUID}.dcm"
        dcmwrite(path, ds, enforce_file_format=True)
        with self._has_news:
            self._files[ds.SOPClassUID] = path
            self._has_news.notify_all()
        return Status.SUCCESS


@contextmanager
def small_pacs(folder: Path) -> Iterator[SmallPacs]:
    """A small PACS on a free port of the loopback, as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    pacs = SmallPacs(folder)
    ae = AE(AE_TITLE)
    for uid in (sop_classes.VERIFICATION, *sop_classes.STORAGE):
        ae.add_supported_context(uid, list(sop_classes.UNCOMPRESSED))
    started = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, pacs.store)])
    # None is for servers that block.
    server = cast("ThreadedAssociationServer", started)
    pacs.port = server.server_address[1]
    try:
        yield pacs
    finally:
        server.shutdown()
