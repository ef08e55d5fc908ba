from __future__ import annotations

import os

from osteo_pacs.phantom.side_by_side import FEW, in_processes


def seed_and_process(seed):
    return seed, os.getpid()


def test_a_few_seeds_are_drawn_here():
    assert list(in_processes(seed_and_process, range(FEW))) == [(seed, os.getpid()) for seed in range(FEW)]


def test_many_are_drawn_by_every_core_in_their_order(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    drawn = list(in_processes(seed_and_process, range(300)))
    assert [seed for seed, _ in drawn] == list(range(300))
    assert os.getpid() not in {process for _, process in drawn}
