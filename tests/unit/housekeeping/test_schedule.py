"""The scheduler process with duties of every kind."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from osteo_pacs.housekeeping import schedule
from osteo_pacs.housekeeping.schedule import Duty, DutyRun, SchedulerStalled, run_scheduler


class Lock:
    """A leader lock that is held when the test says so."""

    def __init__(self, *, is_free=True):
        self.is_free = is_free
        self.is_released = False

    def hold(self):
        return self.is_free

    def release(self):
        self.is_released = True


class Calls:
    """A duty that counts its runs."""

    def __init__(self, *, error=None):
        self.count = 0
        self.reached = threading.Semaphore(0)
        self._error = error

    def __call__(self):
        self.count += 1
        self.reached.release()
        if self._error:
            raise self._error

    def wait_for(self, count):
        for _ in range(count):
            assert self.reached.acquire(timeout=30)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(schedule, "LEADER_EVERY_S", 0.02)


@contextmanager
def running(duties, lock, **options):
    """The scheduler in a thread, as its process runs it; the errors it ended with."""
    stop, errors = threading.Event(), []

    def run():
        try:
            run_scheduler(duties, stop=stop, lock=lock, **options)
        except SchedulerStalled as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield errors, thread
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def test_duties_are_done_again_and_again():
    first, second, lock = Calls(), Calls(), Lock()
    with running([Duty("first", 0.01, first), Duty("second", 0.02, second)], lock):
        first.wait_for(3)
        second.wait_for(3)
    assert lock.is_released


def test_a_duty_that_fails_is_done_again_and_harms_no_other():
    failing, other = Calls(error=ValueError("boom")), Calls()
    with running([Duty("failing", 0.01, failing), Duty("other", 0.01, other)], Lock()):
        failing.wait_for(3)
        other.wait_for(3)


def test_a_duty_never_runs_beside_itself():
    began, other, go_on = Calls(), Calls(), threading.Event()

    def long():
        began()
        assert go_on.wait(30)

    with running([Duty("long", 0.01, long), Duty("other", 0.01, other)], Lock()):
        began.wait_for(1)
        other.wait_for(10)
        assert began.count == 1
        go_on.set()
        began.wait_for(1)


def test_a_process_that_does_not_lead_does_no_duties_until_it_leads():
    calls, lock = Calls(), Lock(is_free=False)
    looks = Calls()
    lock.hold = lambda: (looks(), lock.is_free)[1]
    with running([Duty("calls", 0.01, calls)], lock):
        looks.wait_for(5)
        assert calls.count == 0
        lock.is_free = True
        calls.wait_for(2)


def test_a_process_that_loses_the_lead_does_no_more_duties():
    calls, lock, looks = Calls(), Lock(), Calls()
    lock.hold = lambda: (looks(), lock.is_free)[1]
    with running([Duty("calls", 0.01, calls)], lock):
        calls.wait_for(2)
        lock.is_free = False
        already = looks.count
        while looks.count < already + 3:
            looks.wait_for(1)
        done = calls.count
        looks.wait_for(3)
        assert calls.count <= done + 1


def test_a_duty_that_hangs_ends_the_process():
    released = threading.Event()
    with running([Duty("hangs", 0.01, released.wait)], Lock(), stalled_after_s=0.2) as (errors, thread):
        thread.join(30)
        assert [error.detail for error in errors] == ["hangs"]
    released.set()


def test_a_dead_scheduler_thread_ends_the_process(monkeypatch):
    # `running` of the library stays True.
    monkeypatch.setattr(schedule.BackgroundScheduler, "_main_loop", lambda _: None)
    with running([Duty("never", 0.01, Calls())], Lock(), stalled_after_s=0.2) as (errors, thread):
        thread.join(30)
        assert [error.detail for error in errors] == ["never"]


def test_a_duty_is_overdue_from_its_interval_on():
    clock = [100.0]
    run = DutyRun(Duty("one", 10.0, Calls()), threading.Event(), lambda: clock[0])
    clock[0] = 108.0
    assert run.overdue_s == -2.0
    run()
    assert run.overdue_s == -10.0
    clock[0] = 123.0
    assert run.overdue_s == 5.0
