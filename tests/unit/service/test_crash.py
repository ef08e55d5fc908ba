"""What nobody caught is told by its type and its place, never by its message."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import threading
from osteo_pacs import log
from osteo_pacs.service.crash import log_crashes

log.configure(level="info", form="json", process="listener")
log_crashes()

class Finalized:
    def __del__(self):
        raise ValueError("Doe^Jane")

def fail():
    raise ValueError("Doe^Jane")
"""
WAYS = {
    "main": "fail()",
    "thread": "t = threading.Thread(target=fail); t.start(); t.join()",
    "finalizer": "Finalized()",
}


@pytest.mark.parametrize("way", WAYS)
def test_an_uncaught_error_is_an_event_without_its_message(way):
    done = subprocess.run([sys.executable, "-c", PROGRAM + WAYS[way]], capture_output=True, text=True, check=False)
    event = json.loads(done.stderr)
    assert (event["event"], event["error_type"]) == ("crashed", "ValueError")
    assert "<string>:" in event["exception"]
    assert "Jane" not in done.stderr
    assert done.returncode == (1 if way == "main" else 0)


def test_ctrl_c_ends_it_as_before():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + "raise KeyboardInterrupt"], capture_output=True, text=True, check=False
    )
    assert "KeyboardInterrupt" in done.stderr
    assert "crashed" not in done.stderr
