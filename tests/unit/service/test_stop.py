"""What asks a process to end."""

import os
import signal
import subprocess
import sys

from osteo_pacs.service.stop import SUPERVISED_VARIABLE, stop_on_signal

PROGRAM = """
import sys
from osteo_pacs.service.stop import stop_on_signal
with stop_on_signal() as stop:
    print("ready", flush=True)
    sys.exit(0 if stop.wait(20) else 1)
"""


def start():
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {SUPERVISED_VARIABLE: "worker-1"},
    )
    assert process.stdout.readline() == b"ready\n"
    return process


def test_sigterm_asks_it_to_end():
    with start() as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdin.close()


def test_the_end_of_its_supervisor_asks_it_to_end():
    with start() as process:
        process.stdin.close()
        assert process.wait(10) == 0


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signal():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
