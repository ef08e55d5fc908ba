"""When a process should end: SIGTERM, SIGINT, or the death of the process that started it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SUPERVISED_VARIABLE = "OSTEO_PACS_SUPERVISED"


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that is set when this process is asked to end.

    A supervised process holds a pipe from its supervisor as standard input; its end of file means that the
    supervisor is gone, however it died.
    """
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    if os.environ.get(SUPERVISED_VARIABLE):
        threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for_end_of_input(stop: threading.Event) -> None:
    os.read(sys.stdin.fileno(), 1)
    stop.set()
