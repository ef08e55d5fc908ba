"""What must hold before the whole service starts: what one of its processes would refuse, and that it is alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from osteo_pacs.config import Settings
from osteo_pacs.infer.device import DeviceMissing
from osteo_pacs.receive.server import require_port
from osteo_pacs.service.alone import serving_alone
from osteo_pacs.service.preflight import check_before_start
from osteo_pacs.spool import Spool

DEVICE_WITHIN_S = 120
LOOK_FOR_DEVICE = "import sys; from osteo_pacs.infer.device import choose_device; choose_device(sys.argv[1])"


@contextmanager
def fit_to_serve(settings: Settings) -> Iterator[None]:
    """Refuses what one of the processes of the whole service would refuse; nobody else serves during the block.

    Raises:
        SpoolUnusable: its folder cannot be made or written.
        ServesAlready: another service runs on this installation.
        PortTaken: the listener could not listen.
        DeviceMissing: CUDA is asked for and is not there.
    """
    check_before_start(settings, creates_empty_sqlite=True)
    Spool(settings.spool.directory).require_writable()
    with serving_alone(settings):
        listener = settings.listener
        require_port(listener.host, listener.port, is_shared=listener.processes > 1)
        _require_device(settings.worker.device)
        yield


def _require_device(asked: str) -> None:
    if asked != "cuda":
        return
    # A process of its own: the supervisor lives long, and PyTorch takes half a gigabyte.
    command = [sys.executable, "-c", LOOK_FOR_DEVICE, asked]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=DEVICE_WITHIN_S)
    except subprocess.SubprocessError as error:
        raise DeviceMissing(f"{asked}.") from error
