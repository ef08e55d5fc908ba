"""A prediction that hangs ends its process, not the service."""

import subprocess
import sys


def run(seconds):
    program = (
        "import time\n"
        "from osteo_pacs.worker.watchdog import ended_after\n"
        f"with ended_after({seconds}):\n"
        "    time.sleep(0.5)\n"
        "time.sleep(0.5)\n"
    )
    return subprocess.run([sys.executable, "-c", program], check=False, timeout=60, capture_output=True)


def test_a_block_that_takes_too_long_ends_the_process():
    assert run(0.1).returncode == 1


def test_a_block_that_ends_in_time_leaves_no_deadline_behind():
    assert run(0.9).returncode == 0
