"""A process that comes while it is wanted, and whose end, when it is not, is no death."""

import subprocess
import sys

import pytest

from osteo_pacs.service import child as module
from osteo_pacs.service.child import Child
from osteo_pacs.service.on_demand import ASK_EVERY_S, OnDemand
from peers.polling import until


@pytest.fixture
def demand(monkeypatch):
    real = subprocess.Popen
    source = "import time; time.sleep(60)"
    monkeypatch.setattr(
        module.subprocess, "Popen", lambda _command, **options: real([sys.executable, "-c", source], **options)
    )
    wanted, now_s, asked = [False], [0.0], []

    def is_wanted():
        asked.append(now_s[0])
        return wanted[0]

    one = OnDemand(Child("shadow", 1), is_wanted, lambda: now_s[0])
    yield one, wanted, now_s, asked
    one.child.ask_to_end()
    one.child.end_by(0)


def test_it_runs_while_it_is_wanted_and_its_end_is_no_death(demand, tmp_path):
    one, wanted, now_s, asked = demand
    one.follow(tmp_path)
    assert one.child._process is None
    wanted[0], now_s[0] = True, ASK_EVERY_S
    one.follow(tmp_path)
    assert one.child._process.poll() is None
    one.follow(tmp_path)
    assert asked == [0.0, ASK_EVERY_S]

    wanted[0], now_s[0] = False, 2 * ASK_EVERY_S
    one.follow(tmp_path)
    running = one.child._process
    until(lambda: running.poll() is not None)
    assert one.child.note_death() is None
    assert one.child._process is None


def test_a_death_that_nobody_asked_for_is_one(demand, tmp_path):
    one, wanted, _, _ = demand
    wanted[0] = True
    one.follow(tmp_path)
    one.child._process.kill()
    one.child._process.wait()
    assert one.child.note_death().name == "shadow-1"
