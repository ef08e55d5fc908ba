"""A supervised process: started, found dead, started again later, ended by a deadline."""

import subprocess
import sys
import time

import pytest

from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.service import child as module
from osteo_pacs.service.child import FIRST_RESTART_S, LAST_RESTART_S, REFUSED, Child
from peers.polling import until


@pytest.fixture
def programs(monkeypatch):
    """Makes every child run the program that the test names, under the real way of starting it."""
    real = subprocess.Popen

    def use(source):
        monkeypatch.setattr(
            module.subprocess, "Popen", lambda _command, **options: real([sys.executable, "-c", source], **options)
        )

    return use


@pytest.fixture
def child():
    one = Child("worker", 1)
    yield one
    one.ask_to_end()
    one.end_by(time.monotonic() + 5)


def test_a_dead_child_leaves_no_pipe_behind(programs, child, tmp_path):
    programs("pass")
    child.start_if_due(tmp_path)
    pipe = child._process.stdin
    wait_for_death(child)
    assert pipe.closed


def test_a_child_knows_its_name_and_its_configuration(programs, child, tmp_path):
    told = tmp_path / "told"
    programs(
        f"import os; open({str(told)!r}, 'w').write(os.environ['OSTEO_PACS_SUPERVISED']"
        " + ' ' + os.environ['OSTEO_PACS_CONFIG'])"
    )
    child.start_if_due(tmp_path / "config.toml")
    until(child.note_death)
    assert told.read_text() == f"worker-1 {tmp_path}/config.toml"


def test_each_early_death_doubles_the_wait_up_to_a_limit(programs, child, tmp_path, monkeypatch):
    programs("raise SystemExit(3)")
    now_s = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    waits = []
    for _ in range(8):
        now_s += LAST_RESTART_S
        child.start_if_due(tmp_path)
        death = wait_for_death(child)
        assert death.exit_code == 3
        waits.append(death.restart_s)
    assert waits[:3] == [2 * FIRST_RESTART_S, 4 * FIRST_RESTART_S, 8 * FIRST_RESTART_S]
    assert waits[-1] == LAST_RESTART_S


def test_only_the_first_start_can_refuse_the_configuration(programs, child, tmp_path, monkeypatch):
    programs(f"raise SystemExit({REFUSED})")
    child.start_if_due(tmp_path)
    assert wait_for_death(child).is_refusal
    now_s = time.monotonic() + LAST_RESTART_S
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    child.start_if_due(tmp_path)
    assert not wait_for_death(child).is_refusal


@pytest.mark.parametrize("status", [0, ExitCode.FAILED, ExitCode.DATABASE])
def test_another_status_is_no_refusal(programs, child, tmp_path, status):
    programs(f"raise SystemExit({int(status)})")
    child.start_if_due(tmp_path)
    assert not wait_for_death(child).is_refusal


def test_the_status_of_a_refusal_is_that_of_the_command_line():
    assert REFUSED == ExitCode.CONFIGURATION


def wait_for_death(child):
    child._process.wait(10)
    return child.note_death()


def test_a_child_that_lived_long_is_started_again_at_once(programs, child, tmp_path, monkeypatch):
    programs("pass")
    now_s = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    child.start_if_due(tmp_path)
    now_s += 3600
    assert wait_for_death(child).restart_s == FIRST_RESTART_S


def test_nothing_is_started_before_its_time(programs, child, tmp_path):
    programs("pass")
    child.start_if_due(tmp_path)
    wait_for_death(child)
    child.start_if_due(tmp_path)
    assert child._process is None


def test_a_child_that_does_not_end_is_killed_at_the_deadline(programs, child, tmp_path):
    ready = tmp_path / "ready"
    programs(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"open({str(ready)!r}, 'w').close(); time.sleep(60)"
    )
    child.start_if_due(tmp_path)
    until(ready.exists)
    child.ask_to_end()
    process = child._process
    assert not child.end_by(time.monotonic() + 0.2)
    assert process.poll() is not None
