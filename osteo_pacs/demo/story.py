"""What ``osteo-pacs demo`` does, in its order, and what it shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osteo_pacs.config.sections import Listener
from osteo_pacs.deliver.association import Peer
from osteo_pacs.deliver.push import push
from osteo_pacs.demo.errors import DemonstrationFailed
from osteo_pacs.demo.folder import fresh_folder
from osteo_pacs.demo.installation import QUIET_S, Installation, running_installation
from osteo_pacs.demo.small_pacs import AE_TITLE, small_pacs
from osteo_pacs.dicom import sop_classes
from osteo_pacs.phantom import demo_study, write_study

SCANNER_AE_TITLE = "DXA"
STORED_WITHIN_S = 60.0
REPORT_WITHIN_S = 60.0
DELIVERED_WITHIN_S = 20.0


@dataclass(frozen=True)
class Story:
    """What came of the demonstration.

    Attributes:
        study: what ``study show`` says of it.
        read: the event of its reading, with the seconds of each step.
        reports: the files that came to the PACS, by SOP Class UID.
        seconds: how long each step took, in their order.
    """

    folder: Path
    study: dict[str, Any]
    read: dict[str, Any]
    reports: dict[str, Path]
    seconds: dict[str, float]


@dataclass
class _Watch:
    seconds: dict[str, float] = field(default_factory=dict)
    since_s: float = field(default_factory=time.perf_counter)

    def note(self, step: str, ended_s: float | None = None) -> None:
        now_s = time.perf_counter() if ended_s is None else ended_s
        self.seconds[step], self.since_s = now_s - self.since_s, now_s


def run_demo(folder: Path, *, seed: int) -> Story:
    """Runs the whole way once in ``folder``, from which the files of an earlier demonstration are removed.

    Raises:
        DemonstrationFailed: the folder holds something else, the service did not start, or no report came.
    """
    fresh_folder(folder)
    watch = _Watch()
    study = demo_study(seed)
    files = write_study(study, folder / "scanner")
    watch.note("simulate the study")
    with (
        small_pacs(folder / "pacs") as pacs,
        running_installation(folder, pacs_port=pacs.port, pacs_ae_title=AE_TITLE) as installation,
    ):
        watch.note("start the service")
        watch.note(f"send {len(files)} instances", _send(files, installation.port))
        reports = pacs.wait_for(
            sop_classes.COMPREHENSIVE_3D_SR, sop_classes.BASIC_TEXT_SR, timeout_s=REPORT_WITHIN_S
        )
        watch.note(f"report at the PACS, quiet time of {QUIET_S:.0f} s included")
        shown = _delivered(installation, study.study_instance_uid)
        return Story(folder, shown, installation.event("study_read") or {}, reports, watch.seconds)


def _send(files: Sequence[Path], port: int) -> float:
    """Pushes the files as a scanner does; gives the moment of the last response, from which quiet time counts."""
    peer = Peer("127.0.0.1", port, Listener().ae_title, SCANNER_AE_TITLE)
    answered_s = 0.0
    for pushed in push(files, peer, timeout_s=STORED_WITHIN_S):
        answered_s = time.perf_counter()
        if not pushed.is_stored:
            raise DemonstrationFailed(f"{pushed.path.name}: {pushed.detail}.", remedy="Look into the log.")
    return answered_s


def _delivered(installation: Installation, study_instance_uid: str) -> dict[str, Any]:
    deadline_s = time.monotonic() + DELIVERED_WITHIN_S
    while True:
        shown: dict[str, Any] = installation.ask("study", "show", study_instance_uid)
        if shown["state"] == "delivered" or time.monotonic() > deadline_s:
            return shown
        time.sleep(0.1)
